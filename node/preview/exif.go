package preview

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// orientation reads which way up a JPEG is to be shown, from its EXIF data
// (CIPA DC-008); 1, as it is, where nothing says so.
func orientation(r io.Reader) int {
	in := bufio.NewReader(r)
	var head [4]byte
	if _, err := io.ReadFull(in, head[:2]); err != nil || head[0] != 0xff || head[1] != 0xd8 {
		return 1
	}
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil || head[0] != 0xff || head[1] == 0xda {
			return 1
		}
		segment := make([]byte, max(2, int(binary.BigEndian.Uint16(head[2:])))-2)
		if _, err := io.ReadFull(in, segment); err != nil {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok && head[1] == 0xe1 {
			return tagOrientation(tiff)
		}
	}
}

// tagOrientation looks for tag 0x0112 in the first directory of a TIFF header.
func tagOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if b[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(b[4:]))
	if at > int64(len(b))-2 {
		return 1
	}
	b = b[at:]
	count := int(order.Uint16(b))
	b = b[2:]
	for range count {
		if len(b) < 12 {
			return 1
		}
		if order.Uint16(b) == 0x0112 {
			if n := int(order.Uint16(b[8:])); n >= 1 && n <= 8 {
				return n
			}
			return 1
		}
		b = b[12:]
	}
	return 1
}

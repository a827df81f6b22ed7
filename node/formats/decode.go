package formats

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode returns the text of a file and the name of the encoding it was in:
// UTF-8 or UTF-16, by the byte order mark or, for want of one, by what it looks
// like; what is neither is Windows-1252, as older spreadsheets in western
// Europe write it. The mark is not part of the text.
func Decode(b []byte) (text, encoding string, err error) {
	switch {
	case len(b) > MaxFile:
		return "", "", fmt.Errorf("%w: %d bytes, more than %d", ErrTooLarge, len(b), MaxFile)
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		text, encoding = strings.ToValidUTF8(string(b[3:]), "\uFFFD"), "UTF-8 with BOM"
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		text, encoding = decode16(b[2:], binary.LittleEndian), "UTF-16"
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		text, encoding = decode16(b[2:], binary.BigEndian), "UTF-16"
	case len(b) >= 4 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		text, encoding = decode16(b, binary.LittleEndian), "UTF-16"
	case utf8.Valid(b):
		text, encoding = string(b), "UTF-8"
	default:
		text, encoding = decode1252(b), "Windows-1252"
	}
	if strings.ContainsRune(text, 0) {
		return "", "", ErrBinary
	}
	return text, encoding, nil
}

func decode16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// high is what Windows-1252 has at 0x80–0x9f, where Latin-1 has controls. The
// five that it leaves free are as in Latin-1, as browsers read them.
const high = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

var highRunes = []rune(high)

func decode1252(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c >= 0x80 && c < 0xa0 {
			s.WriteRune(highRunes[c-0x80])
		} else {
			s.WriteRune(rune(c))
		}
	}
	return s.String()
}

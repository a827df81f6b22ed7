package preview

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"
)

// photo is an image whose left half is red, with noise in it, and EXIF data.
func photo(t testing.TB, w, h, turn int, noisy bool) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	random := rand.New(rand.NewPCG(1, 1))
	for y := range h {
		for x := range w {
			c := color.RGBA{0, 0, 255, 255}
			if x < w/2 {
				c = color.RGBA{255, 0, 0, 255}
			}
			if noisy {
				c = color.RGBA{uint8(random.Uint32()), uint8(random.Uint32()), uint8(random.Uint32()), 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	tiff := append([]byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"), 0, byte(turn), 0, 0, 0, 0, 0, 0)
	tiff = append(tiff, "GPS canary-7f3a"...)
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(tiff)+2)), tiff...)
	return append(append([]byte{0xff, 0xd8}, segment...), b.Bytes()[2:]...)
}

func TestPreviewIsSmallAndBare(t *testing.T) {
	for _, noisy := range []bool{false, true} {
		small, err := Make(bytes.NewReader(photo(t, 1600, 1200, 1, noisy)))
		if err != nil {
			t.Fatal(err)
		}
		img, form, err := image.Decode(bytes.NewReader(small))
		if err != nil || form != "jpeg" {
			t.Fatalf("the preview is a %s, %v", form, err)
		}
		if size := img.Bounds().Size(); size.X > Side || size.Y > Side || len(small) > MaxSize {
			t.Errorf("the preview has %v pixels, %d bytes; want at most %d a side, %d bytes", size, len(small), Side, MaxSize)
		}
		if bytes.Contains(small, []byte("canary")) || bytes.Contains(small, []byte("Exif")) {
			t.Error("the preview has the photo's metadata")
		}
	}
}

// Where red, which is left in the file, has to be.
func TestPreviewIsUpright(t *testing.T) {
	for turn, red := range map[int]image.Point{1: {5, 50}, 2: {95, 50}, 3: {95, 50}, 4: {5, 50}, 5: {50, 5}, 6: {50, 5}, 7: {50, 95}, 8: {50, 95}} {
		small, err := Make(bytes.NewReader(photo(t, 100, 100, turn, false)))
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		if r, _, b, _ := img.At(red.X, red.Y).RGBA(); r < b {
			t.Errorf("orientation %d: no red at %v", turn, red)
		}
	}
}

func TestWhatIsNoImage(t *testing.T) {
	var huge bytes.Buffer
	if err := png.Encode(&huge, image.NewRGBA(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	b := huge.Bytes()
	binary.BigEndian.PutUint32(b[16:], 1<<15) // a header of 32 768 × 32 768 pixels
	binary.BigEndian.PutUint32(b[20:], 1<<15)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	if _, err := Make(bytes.NewReader(b)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an image too large to read: %v; want %v", err, ErrTooLarge)
	}
	for name, file := range map[string][]byte{"nothing": nil, "a text": []byte("Bonjour"), "half a photo": photo(t, 100, 100, 1, false)[:300]} {
		if _, err := Make(bytes.NewReader(file)); !errors.Is(err, ErrNotImage) {
			t.Errorf("%s: %v; want %v", name, err, ErrNotImage)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(photo(f, 8, 8, 6, false))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := orientation(bytes.NewReader(b)); n < 1 || n > 8 {
			t.Errorf("orientation %d", n)
		}
	})
}

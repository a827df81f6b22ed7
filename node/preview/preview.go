// Package preview makes a small picture of an image: for a list on a phone, and
// for places where the image itself hasn't come.
//
//	jpeg, err := preview.Make(file)
//
// A preview has at most [Side] pixels a side and [MaxSize] bytes. It is drawn
// anew, the right way up, so that nothing of the original but what can be seen
// is in it: no place, no date, no device. JPEG, PNG, GIF and WebP are read; an
// image that would take too much memory to read is refused, not read.
//
// It isn't a converter: what it is given is not changed, and nothing else than
// a preview can be asked for.
package preview

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // GIF is read
	"image/jpeg"
	_ "image/png" // PNG is read
	"io"

	scale "golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // WebP is read
)

// Bounds of a preview, and of what is read for one.
const (
	Side      = 512      // pixels
	MaxSize   = 64 << 10 // bytes
	MaxPixels = 40 << 20 // of the image: some 60 to 160 MiB in memory
)

// Type is the media type of a preview.
const Type = "image/jpeg"

// Errors of Make.
var (
	// ErrNotImage is a file that isn't an image, or of no form that is read.
	ErrNotImage = errors.New("preview: not an image that can be read")
	// ErrTooLarge is an image of more than MaxPixels.
	ErrTooLarge = errors.New("preview: too many pixels")
)

// Make returns the preview of an image, as a JPEG. The errors are ErrNotImage
// and ErrTooLarge, or the file's.
func Make(file io.ReadSeeker) ([]byte, error) {
	config, _, err := image.DecodeConfig(bufio.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotImage, err)
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > MaxPixels/config.Height {
		return nil, fmt.Errorf("%w: %d × %d", ErrTooLarge, config.Width, config.Height)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	turn := orientation(file)
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	full, _, err := image.Decode(bufio.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotImage, err)
	}
	for side := Side; ; side = side * 3 / 4 {
		small := upright(shrink(full, side), turn)
		for _, quality := range []int{80, 60, 40} {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}); err != nil {
				return nil, fmt.Errorf("preview: %w", err)
			}
			if b.Len() <= MaxSize || side < 32 {
				return b.Bytes(), nil
			}
		}
	}
}

// shrink draws an image on white, with at most so many pixels a side.
func shrink(full image.Image, side int) *image.RGBA {
	size := full.Bounds().Size()
	w, h := size.X, size.Y
	if most := max(w, h); most > side {
		w, h = max(1, w*side/most), max(1, h*side/most)
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(small, small.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	scale.ApproxBiLinear.Scale(small, small.Bounds(), full, full.Bounds(), draw.Over, nil)
	return small
}

// upright turns an image as EXIF's orientation says (1 to 8).
func upright(in *image.RGBA, turn int) *image.RGBA {
	w, h := in.Bounds().Dx(), in.Bounds().Dy()
	if turn < 2 || turn > 8 {
		return in
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			to := [...]image.Point{
				2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y},
				5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x},
			}[turn]
			out.SetRGBA(to.X, to.Y, in.RGBAAt(x, y))
		}
	}
	return out
}

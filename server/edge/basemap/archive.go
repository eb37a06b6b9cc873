package basemap

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	headerBytes = 127
	// What a PMTiles file says of itself is read up to here; that of a whole planet has some tens of KiB.
	maxMetadata = 8 << 20
)

// An archive is what a PMTiles file says of itself.
type archive struct {
	kind        Kind
	attribution string
}

// readArchive checks that a file is one that the page can draw: PMTiles of version 3, whole, with tiles and a compression
// that it knows, and with the layers of the Protomaps basemap when the tiles are vectors.
// https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md has the layout.
func readArchive(path string) (archive, error) {
	info, err := os.Stat(path)
	if err != nil {
		return archive{}, err
	}
	if !info.Mode().IsRegular() {
		return archive{}, errors.New("it is no file")
	}
	file, err := os.Open(path)
	if err != nil {
		return archive{}, err
	}
	defer file.Close()
	header := make([]byte, headerBytes)
	if _, err := io.ReadFull(file, header); err != nil || string(header[:7]) != "PMTiles" {
		return archive{}, errors.New("it is no PMTiles file")
	}
	if header[7] != 3 {
		return archive{}, fmt.Errorf("it is PMTiles of version %d, and version 3 is needed", header[7])
	}
	size := uint64(info.Size())
	for at := 8; at < 72; at += 16 { // the root directory, the metadata, the leaf directories, the tiles
		begin, length := binary.LittleEndian.Uint64(header[at:]), binary.LittleEndian.Uint64(header[at+8:])
		if begin > size || length > size-begin {
			return archive{}, fmt.Errorf("it is not whole: its header speaks of more than the %d bytes that it has", size)
		}
	}
	const none, zipped = 1, 2
	inner, tiles, form := header[97], header[98], header[99]
	if inner != none && inner != zipped || tiles > zipped {
		return archive{}, errors.New("it is compressed in another way than with gzip")
	}
	var a archive
	switch {
	case form == 1:
		a.kind = Vector
	case form >= 2 && form <= 5: // PNG, JPEG, WebP, AVIF
		a.kind = Picture
	default:
		return archive{}, fmt.Errorf("its tiles are neither vectors nor pictures, but of type %d", form)
	}
	metadata := io.NewSectionReader(file, int64(binary.LittleEndian.Uint64(header[24:])), int64(binary.LittleEndian.Uint64(header[32:])))
	if err := a.describe(metadata, inner == zipped); err != nil {
		return archive{}, err
	}
	return a, nil
}

// describe reads the metadata of the file.
func (a *archive) describe(r io.Reader, zipped bool) error {
	if zipped {
		z, err := gzip.NewReader(r)
		if err != nil {
			return fmt.Errorf("its metadata cannot be read: %w", err)
		}
		r = z
	}
	var metadata struct {
		Attribution string `json:"attribution"`
		Layers      []struct {
			ID string `json:"id"`
		} `json:"vector_layers"`
	}
	if err := json.NewDecoder(io.LimitReader(r, maxMetadata)).Decode(&metadata); err != nil {
		return fmt.Errorf("its metadata cannot be read: %w", err)
	}
	a.attribution = metadata.Attribution
	if a.kind != Vector || len(metadata.Layers) == 0 {
		return nil
	}
	for _, layer := range metadata.Layers {
		switch layer.ID {
		case "earth", "water", "roads":
			return nil
		}
	}
	return errors.New("its layers are not those of the Protomaps basemap, as earth, water and roads; give a style for it")
}

package track

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// What a KMZ may come to: so many bytes, and as many more for each byte of the archive that was read.
const (
	unpackedAtLeast = 1 << 20
	unpackedPerByte = 100
)

// archive is how a ZIP archive begins, and each file in it.
var archive = []byte("PK\x03\x04")

// IsArchive tells of the first bytes of a file whether it is an archive, which comes to many times what it has.
func IsArchive(first []byte) bool { return bytes.HasPrefix(first, archive) }

// readKMZ reads the first KML in an archive, as the format has it. archive/zip needs all of an archive at hand, to begin at its
// end; here it is read as it comes.
func readKMZ(in *bufio.Reader, to *builder) error {
	for {
		var head struct {
			Signature               [4]byte
			Version, Flags, Method  uint16
			Time, Date              uint16
			Checksum, Packed, Whole uint32
			Name, Extra             uint16
		}
		if err := binary.Read(in, binary.LittleEndian, &head); err != nil || [4]byte(archive) != head.Signature {
			return lostOr(err, "there is no KML in it")
		}
		name := make([]byte, int(head.Name)+int(head.Extra))
		if _, err := io.ReadFull(in, name); err != nil {
			return lostOr(err, "it breaks off")
		}
		name = name[:head.Name]
		packed := &counted{in: in}
		file := io.Reader(packed)
		switch known := head.Flags&8 == 0; { // otherwise its length comes after it
		case head.Flags&1 != 0:
			return &Error{"archive", "it is encrypted"}
		case head.Method == 8:
			file = flate.NewReader(packed) // which reads nothing beyond its end
		case head.Method == 0 && known:
			file = io.LimitReader(packed, int64(head.Packed))
		default:
			return &Error{"archive", "it is packed in a way that is not read here"}
		}
		file = &unpacked{file: file, packed: packed}
		if strings.EqualFold(suffix(name), ".kml") {
			if err := readXML(bufio.NewReader(file), to); err != nil {
				return lostOr(err, "it is damaged")
			}
			_, err := io.Copy(io.Discard, in)
			return err
		}
		if _, err := io.Copy(io.Discard, file); err != nil {
			return lostOr(err, "it is damaged")
		}
		if head.Flags&8 != 0 {
			if err := skipDescriptor(in); err != nil {
				return lostOr(err, "it breaks off")
			}
		}
	}
}

func suffix(name []byte) string {
	return string(name[max(0, len(name)-len(".kml")):])
}

// skipDescriptor skips the checksum and the lengths after a file, mostly with a signature of their own.
func skipDescriptor(in *bufio.Reader) error {
	length := 12
	if mark, _ := in.Peek(4); string(mark) == "PK\x07\x08" {
		length += 4
	}
	_, err := in.Discard(length)
	return err
}

// lostOr is the error that the file could not be read with, or one of the file itself.
func lostOr(err error, text string) error {
	var damaged flate.CorruptInputError
	var broken *Error
	if err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &damaged) {
		return &Error{"archive", text}
	} else if errors.As(err, &broken) {
		return broken
	}
	return err
}

// counted counts what is read of an archive.
type counted struct {
	in    *bufio.Reader
	bytes int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.bytes += int64(n)
	return n, err
}

// ReadByte keeps flate from reading ahead.
func (c *counted) ReadByte() (byte, error) {
	b, err := c.in.ReadByte()
	c.bytes++
	return b, err
}

// unpacked is a file of an archive, up to the most that it may come to.
type unpacked struct {
	file   io.Reader
	packed *counted
	bytes  int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.file.Read(p)
	if u.bytes += int64(n); u.bytes > unpackedAtLeast+unpackedPerByte*u.packed.bytes {
		return n, &Error{"archive", "it comes to more than a hundred times its length"}
	}
	return n, err
}

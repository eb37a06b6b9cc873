package track

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxToken is how many bytes a tag, a comment or a text of XML may have. The coordinates of KML may have any number.
const maxToken = 1 << 20

var errLongToken = fmt.Errorf("a piece of the file longer than %d bytes", maxToken)

// A source is what XML is read from: byte by byte, so that encoding/xml reads nothing ahead, and who knows better can read
// some of the text instead. It counts lines and bounds tokens.
type source struct {
	in     *bufio.Reader
	line   int
	column int // of the byte that was read last
	token  int // bytes since the token began
	err    error
}

// ReadByte implements io.ByteReader.
func (s *source) ReadByte() (byte, error) {
	if s.token++; s.token > maxToken {
		s.err = errLongToken
		return 0, s.err
	}
	c, err := s.in.ReadByte()
	if err != nil {
		s.err = err
		return 0, err
	}
	if s.column++; c == '\n' {
		s.line, s.column = s.line+1, 0
	}
	return c, nil
}

// unread takes the byte back that was read last, which is no line's end.
func (s *source) unread() {
	_ = s.in.UnreadByte()
	s.column--
}

// Read implements io.Reader; encoding/xml does not use it.
func (s *source) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

// lost is why the file could not be read on, where that is not its own fault.
func (s *source) lost() error {
	if s.err == io.EOF || s.err == errLongToken {
		return nil
	}
	return s.err
}

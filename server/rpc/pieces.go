package rpc

const maxPiece = 1 << 20 // bytes of a file in one message

// pieces reads a file that comes in messages.
type pieces struct {
	receive func() (data []byte, err error)
	rest    []byte
}

// Read implements io.Reader.
func (p *pieces) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		data, err := p.receive()
		if err != nil {
			return 0, err
		}
		if len(data) > maxPiece {
			return 0, invalid("data", "has %d bytes, more than %d", len(data), maxPiece)
		}
		p.rest = data
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

package edgetest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// The opcodes of WebSocket frames that tests send and expect.
const (
	OpBinary = 2
	OpClose  = 8
	OpPing   = 9
	OpPong   = 10
)

// RawSocket is a WebSocket that does nothing by itself: it answers no ping, and sends any bytes.
type RawSocket struct {
	net.Conn
	In *bufio.Reader // what comes after the handshake
}

// DialRaw opens a WebSocket for a call of method and sends nothing.
func DialRaw(base, method string) (*RawSocket, error) {
	host := strings.TrimPrefix(base, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	s := &RawSocket{conn, bufio.NewReader(conn)}
	_, err = io.WriteString(conn, "GET "+method+" HTTP/1.1\r\nHost: "+host+"\r\n"+
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "+Subprotocol+"\r\n\r\n")
	if err == nil {
		var res *http.Response
		if res, err = http.ReadResponse(s.In, nil); err == nil && res.StatusCode != http.StatusSwitchingProtocols {
			err = fmt.Errorf("edgetest: handshake: %s", res.Status)
		}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// SocketFrame is a WebSocket frame of less than 64 KiB, with a mask of zeros.
func SocketFrame(opcode byte, data []byte) []byte {
	b := []byte{0x80 | opcode}
	if n := len(data); n < 126 {
		b = append(b, 0x80|byte(n))
	} else {
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	}
	return append(append(b, 0, 0, 0, 0), data...)
}

// ReadFrame reads the server's next frame, of less than 64 KiB.
func (s *RawSocket) ReadFrame() (opcode byte, data []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(s.In, head[:]); err != nil {
		return 0, nil, err
	}
	size := int(head[1])
	if size == 126 {
		var long uint16
		if err := binary.Read(s.In, binary.BigEndian, &long); err != nil {
			return 0, nil, err
		}
		size = int(long)
	}
	data = make([]byte, size)
	_, err = io.ReadFull(s.In, data)
	return head[0] & 0x0f, data, err
}

// Pings answers so many pings, and fails when another frame comes before.
func (s *RawSocket) Pings(n int) error {
	for range n {
		opcode, data, err := s.ReadFrame()
		if err != nil {
			return err
		}
		if opcode != OpPing {
			return fmt.Errorf("edgetest: a frame with opcode %d in place of a ping: %q", opcode, data)
		}
		if _, err := s.Write(SocketFrame(OpPong, data)); err != nil {
			return err
		}
	}
	return nil
}

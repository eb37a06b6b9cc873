package edge_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"time"
)

// TestOneCloseFrame answers the server's close frame as a browser does, and finds no other one behind it.
func TestOneCloseFrame(t *testing.T) {
	const binaryFrame, closeFrame = 2, 8
	c, in := upgrade(t, open(t), "/routeguide.RouteGuide/RecordRoute")
	header := socketFrame(binaryFrame, []byte("content-type: application/grpc-web+proto\r\n\r\n"))
	if _, err := c.Write(append(header, socketFrame(binaryFrame, []byte{1})...)); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for {
		var head [2]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			t.Fatal(err)
		}
		size := int64(head[1])
		if size == 126 {
			var long uint16
			if err := binary.Read(in, binary.BigEndian, &long); err != nil {
				t.Fatal(err)
			}
			size = int64(long)
		}
		var data bytes.Buffer
		if _, err := io.CopyN(&data, in, size); err != nil {
			t.Fatal(err)
		}
		if head[0]&0x0f == closeFrame {
			if code := binary.BigEndian.Uint16(data.Bytes()); code != 1000 {
				t.Errorf("the close code is %d", code)
			}
			if _, err := c.Write(socketFrame(closeFrame, data.Bytes())); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if rest := ends(t, c, in); len(rest) > 0 {
		t.Errorf("after the close frame came %x", rest)
	}
}

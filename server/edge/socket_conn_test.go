package edge_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"routeguide/server/edge"
	"routeguide/server/lab/edgetest"
)

// TestOneCloseFrame answers the server's close frame as a browser does, and finds no other one behind it.
func TestOneCloseFrame(t *testing.T) {
	c := upgrade(t, open(t), "/routeguide.RouteGuide/RecordRoute")
	tell(t, c, edgetest.OpBinary, goodHeader)
	tell(t, c, edgetest.OpBinary, []byte{1})
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for opcode := byte(0); opcode != edgetest.OpClose; {
		var data []byte
		var err error
		if opcode, data, err = c.ReadFrame(); err != nil {
			t.Fatal(err)
		}
		if opcode == edgetest.OpClose {
			if code := binary.BigEndian.Uint16(data); code != 1000 {
				t.Errorf("the close code is %d", code)
			}
			tell(t, c, edgetest.OpClose, data)
		}
	}
	if rest := ends(t, c, c.In); len(rest) > 0 {
		t.Errorf("after the close frame came %x", rest)
	}
}

// TestQuietSocket stays open while nothing but pings passes, for longer than a write may take.
func TestQuietSocket(t *testing.T) {
	p := open(t, func(o *edge.Options) {
		o.Limits.Write = time.Second
		o.Limits.Idle = 6 * time.Second // a ping every two
	})
	c := upgrade(t, p, chat)
	tell(t, c, edgetest.OpBinary, goodHeader)
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, data, err := c.ReadFrame(); err != nil || !bytes.Contains(data, []byte("chat-id: c1")) {
		t.Fatalf("the first frame is %q, %v", data, err)
	}
	if err := c.Pings(3); err != nil {
		t.Fatal(err)
	}
	tell(t, c, edgetest.OpBinary, note(t, "still here"))
	if _, data, err := c.ReadFrame(); err != nil || !bytes.Contains(data, []byte("still here")) {
		t.Errorf("the answer is %q, %v", data, err)
	}
}

// TestHeaderLinesEndTheirMessage reads a call WebSocket message by WebSocket message: header lines are alone in theirs,
// whether the call answers at once, fails at once or streams, and trailer lines are the last of theirs.
func TestHeaderLinesEndTheirMessage(t *testing.T) {
	p := open(t)
	for name, send := range map[string][][]byte{
		"/routeguide.RouteGuide/GetFeature":   {edgetest.Frame{}.Append([]byte{0}), {1}},
		"/routeguide.RouteGuide/ListFeatures": {edgetest.Frame{Data: []byte{0x0a, 3, 0x08, 0x88, 0x27}}.Append([]byte{0}), {1}},
		"/routeguide.RouteGuide/RecordRoute":  {{1}},
		"/routeguide.RouteGuide/RouteChat":    {append(note(t, "one"), note(t, "two")[1:]...), {1}},
		"/routeguide.RouteGuide/Fly":          {{1}},
	} {
		for range 20 { // what may share a message depends on the moment
			ctx := call(t)
			c, err := edgetest.WebSocket{Base: p.base}.Dial(ctx, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, data := range append([][]byte{goodHeader}, send...) {
				if err := c.Write(ctx, websocket.MessageBinary, data); err != nil {
					t.Fatal(err)
				}
			}
			defer c.CloseNow()
			lines := 0
			for {
				_, data, err := c.Read(ctx)
				if err != nil {
					break
				}
				for in := bytes.NewReader(data); in.Len() > 0; {
					f, err := edgetest.ReadFrame(in)
					if err != nil {
						t.Fatalf("%s: a message ends inside a frame: %v", name, err)
					}
					if f.Flags&edgetest.FlagLines == 0 {
						continue
					}
					if lines++; in.Len() > 0 {
						t.Fatalf("%s: %d bytes follow header lines in a message that begins with %.80q", name, in.Len(), data)
					}
				}
			}
			if lines != 2 {
				t.Fatalf("%s: header lines came %d times, want headers and trailers", name, lines)
			}
		}
	}
}

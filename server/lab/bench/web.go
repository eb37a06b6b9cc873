package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
)

// web calls over gRPC-Web as a browser's fetch does, over one HTTP/1.1 connection.
type web struct {
	client *http.Client
	url    string
	work   work
	turn   int
	in     *bufio.Reader
}

func throughWeb(w work) door {
	return func(l line) caller {
		return (&web{client: l.http, url: "http://" + l.server.http + w.method, work: w, in: bufio.NewReaderSize(nil, readBytes)}).call
	}
}

func (c *web) call(ctx context.Context) error {
	c.turn++
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(frame(c.work.request(c.turn))))
	if err != nil {
		return err
	}
	req.Header["Content-Type"] = []string{"application/grpc-web+proto"}
	req.Header["X-Grpc-Web"] = []string{"1"}
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s", errAnswer, resp.Status)
	}
	c.in.Reset(resp.Body)
	messages, err := countFrames(c.in)
	if err != nil {
		return err
	}
	if _, err := c.in.Peek(1); err != io.EOF { // else the connection could not be used again
		return fmt.Errorf("%w: something follows the trailers (%v)", errAnswer, err)
	}
	return c.work.check(messages)
}

const frameHeader = 5 // bytes: flags, and the length of the message

func frame(message []byte) []byte {
	b := make([]byte, frameHeader, frameHeader+len(message))
	binary.BigEndian.PutUint32(b[1:], uint32(len(message)))
	return append(b, message...)
}

// countFrames reads messages up to the trailers, which must say that all is well.
func countFrames(in *bufio.Reader) (messages int, err error) {
	for {
		head, err := in.Peek(frameHeader)
		if err != nil {
			return messages, fmt.Errorf("after %d messages, without trailers: %w", messages, err)
		}
		metadata, size := head[0]&0x80 != 0, int(binary.BigEndian.Uint32(head[1:]))
		if _, err := in.Discard(frameHeader); err != nil {
			return messages, err
		}
		if !metadata {
			if _, err := in.Discard(size); err != nil {
				return messages, err
			}
			messages++
			continue
		}
		block := make([]byte, size)
		if _, err := io.ReadFull(in, block); err != nil {
			return messages, err
		}
		block = bytes.ToLower(block)
		switch at := bytes.Index(block, []byte("grpc-status:")); {
		case at < 0: // the headers, which a WebSocket sends like this
		case bytes.HasPrefix(bytes.TrimLeft(block[at+len("grpc-status:"):], " "), []byte("0\r\n")):
			return messages, nil
		default:
			return messages, fmt.Errorf("%w: %s", errAnswer, block)
		}
	}
}

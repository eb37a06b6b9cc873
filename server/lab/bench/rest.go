package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// rest calls over JSON, over one HTTP/1.1 connection.
type rest struct {
	client *http.Client
	base   string
	work   work
	turn   int
	buffer []byte
}

func throughREST(w work) door {
	return func(l line) caller {
		return (&rest{client: l.http, base: "http://" + l.server.http, work: w, buffer: make([]byte, readBytes)}).call
	}
}

func (c *rest) call(ctx context.Context) error {
	c.turn++
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+c.work.path(c.turn), nil)
	if err != nil {
		return err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s", errAnswer, resp.Status)
	}
	lines, size := 0, 0
	for {
		n, err := resp.Body.Read(c.buffer)
		lines += bytes.Count(c.buffer[:n], []byte("\n"))
		size += n
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	switch {
	case c.work.stream: // a line for each message; an error would be one too many or come too early
		return c.work.check(lines)
	case size == 0:
		return fmt.Errorf("%w: nothing", errAnswer)
	}
	return nil
}

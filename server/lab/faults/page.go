package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	routeguidev1 "routeguide/proto/routeguide/v1"
)

const (
	pageBytes = 4096
	tableLeaf = 0x0d // the first byte of a page that rows are on
)

// pageDamaged flips a bit on a page of SQLite's that old notes are on, while the program runs. Who reads them is told so, and
// everybody else goes on. Then the page is as it was, as far as nobody has written it since: what is found in the end was not
// harmed by what happened meanwhile.
func pageDamaged(ctx context.Context, l *lab, dir string) (*stage, error) {
	data := filepath.Join(dir, "data")
	p, st, err := alone(ctx, l, data)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(data, "routeguide.db")
	var at int64
	var was, is []byte
	st.hurt = func(ctx context.Context, c *crowd) (err error) {
		if at, was, err = findPage(ctx, file, []byte(c.chats[0].name+" 1")); err != nil {
			return err
		}
		is = bytes.Clone(was)
		is[pageBytes/2] ^= 1
		if err := writePage(file, at, is); err != nil {
			return err
		}
		if err := c.readUntil(ctx, codes.DataLoss); err != nil {
			return err
		}
		return c.progress(ctx)
	}
	st.heal = func(ctx context.Context) error {
		if err := p.kill(); err != nil {
			return err
		}
		now, err := readPage(file, at)
		if err == nil && bytes.Equal(now, is) {
			err = writePage(file, at, was)
		}
		return errors.Join(err, p.start(ctx))
	}
	return st, nil
}

// findPage returns the first page with rows that what is on, when it has reached the file.
func findPage(ctx context.Context, file string, what []byte) (at int64, page []byte, err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		all, err := os.ReadFile(file)
		if err != nil {
			return 0, nil, err
		}
		for at := pageBytes; at+pageBytes <= len(all); at += pageBytes {
			if page := all[at : at+pageBytes]; page[0] == tableLeaf && bytes.Contains(page, what) {
				return int64(at), page, nil
			}
		}
		select {
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		case <-late:
			return 0, nil, fmt.Errorf("%q is not in %s after %v", what, file, patience)
		case <-tick.C:
		}
	}
}

func readPage(file string, at int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	page := make([]byte, pageBytes)
	_, err = f.ReadAt(page, at)
	return page, err
}

func writePage(file string, at int64, page []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(page, at)
	return errors.Join(err, f.Close())
}

// readUntil reads all notes until whoever does is told a code.
func (c *crowd) readUntil(ctx context.Context, code codes.Code) error {
	notes := routeguidev1.NewNoteServiceClient(c.conns[0])
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for req := (&routeguidev1.ListNotesRequest{PageSize: 1000}); ; {
		page, err := notes.ListNotes(ctx, req)
		if status.Code(err) == code {
			return nil
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken != "" {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			return fmt.Errorf("nobody is told %s in %v, but %v", code, patience, err)
		case <-tick.C:
		}
	}
}

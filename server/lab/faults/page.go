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
	st.hurt = func(ctx context.Context, c *crowd) error {
		for late := time.Now().Add(patience); ; {
			if now, err := readPage(file, at); err != nil {
				return err
			} else if is == nil || !bytes.Equal(now, is) { // the program has written it since
				if at, was, err = findPage(ctx, file, []byte(c.chats[0].name+" 1")); err != nil {
					return err
				}
				is = bytes.Clone(was)
				is[pageBytes/2] ^= 1
				if err := writePage(file, at, is); err != nil {
					return err
				}
			}
			switch told := c.readAll(ctx); {
			case told == codes.DataLoss:
				return c.progress(ctx)
			case ctx.Err() != nil:
				return ctx.Err()
			case time.Now().After(late):
				return fmt.Errorf("nobody is told DATA_LOSS in %v, but %s", patience, told)
			}
		}
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

// readAll reads all notes, and returns how that ends.
func (c *crowd) readAll(ctx context.Context) codes.Code {
	notes := routeguidev1.NewNoteServiceClient(c.conns[0])
	for req := (&routeguidev1.ListNotesRequest{PageSize: 1000}); ; {
		page, err := notes.ListNotes(ctx, req)
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return status.Code(err)
		}
	}
}

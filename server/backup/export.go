package backup

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"routeguide/server/store"
)

// Export writes all records to w. Everything that was acknowledged before the call is among them, whatever is written
// meanwhile. When it fails, the last line says why. With ErrLost it has not failed.
func Export(ctx context.Context, st *store.Store, w io.Writer, progress Progress) ([]Summary, error) {
	out := newWriter(w)
	all, err := export(ctx, st, out, progress)
	if err != nil && !errors.Is(err, ErrLost) {
		_ = out.end(trailer{Error: err.Error()}) // it may be the output that fails
		return nil, err
	}
	return all, err
}

func export(ctx context.Context, st *store.Store, out *writer, progress Progress) ([]Summary, error) {
	logs, err := st.Extents(ctx)
	if err == nil {
		err = st.Diagnose(ctx)
	}
	if err != nil {
		return nil, err
	}
	head := header{Format: format, Version: version, ID: rand.Text(), Time: time.Now().UTC(), Lost: st.Damage()}
	switch {
	case len(logs) == 0 && len(head.Lost) > 0:
		return nil, fmt.Errorf("%w: %s", ErrEmpty, strings.Join(head.Lost, "; "))
	case len(logs) == 0:
		return nil, ErrEmpty
	}
	for _, e := range logs {
		head.Logs = append(head.Logs, extent(e))
	}
	if err := out.write(head, shortSum); err != nil {
		return nil, fmt.Errorf("write the export: %w", err)
	}
	t := newTally(logs, "exported", progress)
	for _, e := range logs {
		for rec, err := range st.Dump(ctx, e) {
			if err != nil {
				return nil, err
			}
			if err := out.write(newEvent(e.Name, rec), shortSum); err != nil {
				return nil, fmt.Errorf("write the export: %w", err)
			}
			t.add(e.Name)
		}
	}
	if err := out.end(trailer{Records: t.records}); err != nil {
		return nil, fmt.Errorf("write the export: %w", err)
	}
	return t.end(), head.lost()
}

// Check reads a file and fails with ErrFile at the first line that is not sound.
func Check(ctx context.Context, r io.Reader, progress Progress) error {
	if _, err := copyFile(ctx, r, io.Discard, "checked", progress); !errors.Is(err, ErrLost) {
		return err
	}
	return nil
}

// copyFile copies a file while it is sound. With ErrLost, which the file says of its store, it is.
func copyFile(ctx context.Context, r io.Reader, w io.Writer, what string, progress Progress) ([]Summary, error) {
	out := bufio.NewWriterSize(w, 64<<10)
	in, err := newReader(r, what, progress)
	for err == nil {
		if _, err = out.Write(in.raw); err != nil {
			return nil, fmt.Errorf("write the export: %w", err)
		}
		if _, _, err = in.next(); ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	_, err = out.Write(in.raw)
	if err = cmp.Or(err, out.Flush()); err != nil {
		return nil, fmt.Errorf("write the export: %w", err)
	}
	return in.tally.end(), in.head.lost()
}

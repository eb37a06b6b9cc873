package feature

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"time"
)

const (
	readSize = 64 << 10
	// progressEvery is how often a long load logs how far it has come.
	progressEvery = time.Second
)

// Open reads the features of the file at path, which may also be a pipe. It recognizes these forms by their content:
// the classic JSON array of features with E7 integers, {"feature": […]} around such an array, GeoJSON, newline-delimited
// GeoJSON, and CSV with the columns name, latitude and longitude in decimal degrees. The file is UTF-8, and read as a
// stream: only the features are kept in memory.
//
// Properties, columns or members "description", "category", and "web_address", "url" or "website" are taken too; see details.
//
// A wrong value or malformed file is an error that begins with path, line and field. GeoJSON features that are no Point
// are left out with a warning, but it is an error if no feature remains. When ctx is canceled, Open fails at once with the
// cause.
func Open(ctx context.Context, path string, log *slog.Logger) (*Index, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	var size int64
	if info.Mode().IsRegular() {
		size = info.Size()
	}
	// A read from a pipe may wait for ever: the deadline ends it. Other files have no deadlines and need none.
	defer context.AfterFunc(ctx, func() { file.SetReadDeadline(time.Unix(1, 0)) })()

	index, err := load(ctx, file, size, log.With("file", path))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return index, nil
}

// load indexes what it reads from in, which has size bytes; 0 means that the size is not known. Its errors begin with a line
// number.
func load(ctx context.Context, in io.Reader, size int64, log *slog.Logger) (*Index, error) {
	start := time.Now()
	said := start
	var done int64
	var features, skipped int

	watched := readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		n, err := in.Read(p)
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		done += int64(n)
		if now := time.Now(); now.Sub(said) >= progressEvery {
			said = now
			progress := []any{"features", features}
			if size > 0 {
				progress = append(progress, "percent", min(100*done/size, 100))
			}
			log.InfoContext(ctx, "loading features", progress...)
		}
		return n, err
	})
	index, err := NewIndex(sequence(func(yield func(Described) bool) (err error) {
		skipped, err = decode(watched, func(d Described) bool {
			features++
			return yield(d)
		})
		return err
	}))
	if err != nil {
		return nil, err
	}
	if skipped > 0 {
		if features == 0 {
			return nil, located(1, "", fmt.Errorf("none of the %d features is a Point", skipped))
		}
		log.WarnContext(ctx, "features that are no Point are left out", "count", skipped)
	}
	log.InfoContext(ctx, "features loaded", "features", features, "took", time.Since(start).Round(time.Millisecond))
	return index, nil
}

// decode yields the features of in, whatever their form, and returns how many it had to skip.
func decode(in io.Reader, yield func(Described) bool) (skipped int, err error) {
	buffered := bufio.NewReaderSize(in, readSize)
	if mark, _ := buffered.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		buffered.Discard(len(mark))
	}
	head, err := buffered.Peek(readSize)
	if err != nil && err != io.EOF {
		return 0, located(1, "", err)
	}
	switch head = bytes.TrimSpace(head); {
	case len(head) == 0:
		return 0, located(1, "", errors.New("the file is empty"))
	case head[0] == '[' || head[0] == '{':
		return decodeJSON(buffered, yield)
	default:
		return 0, decodeCSV(buffered, yield)
	}
}

// byteOrderMark is what some editors put in front of UTF-8.
const byteOrderMark = "\uFEFF"

// sequence makes a sequence of what read yields, which ends with the error of read.
func sequence(read func(yield func(Described) bool) error) iter.Seq2[Described, error] {
	return func(yield func(Described, error) bool) {
		stopped := false
		err := read(func(d Described) bool {
			stopped = !yield(d, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(Described{}, err)
		}
	}
}

// located puts the line, and the field if there is one, before an error.
func located(line int, field string, err error) error {
	if field == "" {
		return fmt.Errorf("%d: %w", line, err)
	}
	return fmt.Errorf("%d: %s: %w", line, field, err)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

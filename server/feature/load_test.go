package feature

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const blockSize = 4096

// blocks is CSV. Each read is a line of blockSize bytes; it first calls before with the number of lines so far, and fails
// with its error.
func blocks(before func(lines int) error) io.Reader {
	lines := 0
	return readerFunc(func(p []byte) (int, error) {
		if err := before(lines); err != nil {
			return 0, err
		}
		line := "latitude,longitude,name,"
		if lines > 0 {
			line = "1,2,a,"
		}
		lines++
		return copy(p, line+strings.Repeat("x", blockSize-len(line)-1)+"\n"), nil
	})
}

// Each read takes 400 ms on the clock of this test, so every third one comes more than a second after the last line of the
// log.
func TestLoadReportsProgress(t *testing.T) {
	const lines = 40
	for _, test := range []struct {
		name          string
		size          int64
		first, eighth string
	}{
		{"file", lines * blockSize, "file=f features=0 percent=7", "file=f features=22 percent=60"},
		{"pipe", 0, "file=f features=0", "file=f features=22"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var output bytes.Buffer
				log := slog.New(slog.NewTextHandler(&output, nil)).With("file", "f")
				in := blocks(func(before int) error {
					time.Sleep(400 * time.Millisecond)
					if before == lines {
						return io.EOF
					}
					return nil
				})
				if _, err := load(t.Context(), in, test.size, log); err != nil {
					t.Fatal(err)
				}
				var progress []string
				for line := range strings.Lines(output.String()) {
					if _, rest, ok := strings.Cut(line, `level=INFO msg="loading features" `); ok {
						progress = append(progress, strings.TrimSpace(rest))
					}
				}
				if len(progress) != 13 || progress[0] != test.first || progress[7] != test.eighth {
					t.Errorf("the lines of progress are\n%s\nwant 13, first %q, eighth %q", strings.Join(progress, "\n"), test.first, test.eighth)
				}
				if want := "features=39 took=16.4s"; !strings.Contains(output.String(), want) {
					t.Errorf("the log does not end with %q:\n%s", want, &output)
				}
			})
		})
	}
}

func TestLoadIsCanceled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	in := blocks(func(before int) error {
		if before == 100 {
			cancel(stopped)
		} else if before > 100 {
			t.Error("load reads on after the cancellation")
			return io.EOF
		}
		return nil
	})
	if _, err := load(ctx, in, 0, slog.New(slog.DiscardHandler)); !errors.Is(err, stopped) {
		t.Errorf("load fails with %v, want the cause of the cancellation", err)
	}
}

func TestLoadFailsLikeItsReader(t *testing.T) {
	broken := errors.New("broken")
	filler := strings.Repeat(" ", 2*readSize)
	for _, start := range []string{"", "[" + filler, `[{"id": "` + filler, "name,latitude,longitude\na,1,2\nb," + filler} {
		in := io.MultiReader(strings.NewReader(start), readerFunc(func([]byte) (int, error) { return 0, broken }))
		if _, err := load(t.Context(), in, 0, slog.New(slog.DiscardHandler)); !errors.Is(err, broken) {
			t.Errorf("after %.30q load fails with %v, want the error of its reader", start, err)
		}
	}
}

func TestDecodeStops(t *testing.T) {
	for _, content := range []string{
		`[{"location": {"latitude": 1, "longitude": 2}}, {"location": {"latitude": 1, "longitude": 2}}, broken`,
		`{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}} {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}} broken`,
		"name,latitude,longitude\na,1,2\nb,1,2\nbroken",
	} {
		features := 0
		_, err := decode(strings.NewReader(content), func(Described) bool {
			features++
			return features < 2
		})
		if features != 2 || err != nil {
			t.Errorf("of %s come %d features and %v, want 2 and no error", content, features, err)
		}
	}
}

package app

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"routeguide/server/backup"
	"routeguide/server/store"
)

// Command runs what args name: export, import, or else the server. Data goes from in and to out, all else to say.
func Command(ctx context.Context, args []string, in io.Reader, out, say io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "export":
			return exportStore(ctx, args[1:], out, say)
		case "import":
			return importStore(ctx, args[1:], in, say)
		}
	}
	return Run(ctx, args, say)
}

const exportUsage = `Usage: routeguide export [flags]

Writes every record of a store as newline-delimited JSON. The store is a directory, whether a RouteGuide
has it open or not, or a NATS cluster. What was acknowledged before is in the file, what is written
meanwhile may be. When the store is known to have lost records it says which; the file has all others, and
the exit status is 1.

`

func exportStore(ctx context.Context, args []string, out, say io.Writer) error {
	var c config
	var path string
	fs := flag.NewFlagSet("routeguide export", flag.ContinueOnError)
	c.storeFlags(fs)
	fs.StringVar(&path, "out", "-", "`file` to write, which appears when it is complete; - for the standard output")
	if err := c.parseMove(fs, args, exportUsage, say); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	var lost error // the file is kept all the same
	write := func(w io.Writer) error {
		err := c.export(ctx, w, say)
		if errors.Is(err, backup.ErrLost) {
			lost, err = err, nil
		}
		return err
	}
	var err error
	if path == "-" {
		err = write(out)
	} else {
		err = replace(path, write)
	}
	return cmp.Or(err, lost)
}

// export writes the store to w, by way of the process that has it open where there is one.
func (c config) export(ctx context.Context, w, say io.Writer) (err error) {
	if c.nats.URL == "" {
		if ok, err := store.Exists(c.data); err != nil {
			return err
		} else if !ok {
			return fmt.Errorf("there is no store in %q", c.data)
		}
	}
	st, err := store.Open(ctx, c.store(moveLog(say)))
	if errors.Is(err, store.ErrLocked) {
		all, fetchErr := backup.Fetch(ctx, c.data, w, newMeter(say).progress)
		if errors.Is(fetchErr, backup.ErrNotServed) {
			return fmt.Errorf("%w, which does not serve exports", err)
		}
		return summarize(say, "exported", all, fetchErr)
	} else if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	all, err := backup.Export(ctx, st, w, newMeter(say).progress)
	return summarize(say, "exported", all, err)
}

const importUsage = `Usage: routeguide import [flags] [file]

Fills an empty store with what "routeguide export" wrote, under the same sequences and times. The store is
a directory that no RouteGuide has open, or a NATS cluster. Without a file, or with -, it reads the standard
input. Run it again with the same file when it was interrupted.

`

func importStore(ctx context.Context, args []string, in io.Reader, say io.Writer) (err error) {
	var c config
	fs := flag.NewFlagSet("routeguide import", flag.ContinueOnError)
	c.storeFlags(fs)
	if err := c.parseMove(fs, args, importUsage, say); err != nil {
		return err
	}
	if fs.NArg() > 1 {
		return fmt.Errorf("unexpected argument %q", fs.Arg(1))
	}
	if path := fs.Arg(0); path != "" && path != "-" {
		f, err := openSound(ctx, path, say)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	st, err := store.Open(ctx, c.store(moveLog(say)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	all, err := backup.Import(ctx, st, in, newMeter(say).progress)
	return summarize(say, "imported", all, err)
}

// openSound opens a file after it was read once to see that it is sound, where it can be read twice.
func openSound(ctx context.Context, path string, say io.Writer) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		if err = backup.Check(ctx, f, newMeter(say).progress); err == nil {
			_, err = f.Seek(0, io.SeekStart)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return f, nil
}

// parseMove reads the flags of export and import.
func (c *config) parseMove(fs *flag.FlagSet, args []string, usage string, say io.Writer) error {
	fs.SetOutput(say)
	fs.Usage = func() {
		fmt.Fprint(say, usage)
		fs.PrintDefaults()
	}
	if err := read(fs, args, os.LookupEnv); err != nil {
		return err
	}
	return c.checkStore()
}

func moveLog(say io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(say, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// replace has write make a file that takes the place of path when it is complete and on the disk.
func replace(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := write(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// A meter says once in a while how far something is.
type meter struct {
	say  io.Writer
	next time.Time
}

func newMeter(say io.Writer) *meter { return &meter{say: say, next: time.Now().Add(time.Second)} }

func (m *meter) progress(what string, done, total uint64) {
	if now := time.Now(); now.After(m.next) {
		m.next = now.Add(time.Second)
		fmt.Fprintf(m.say, "%s %d of %d records\n", what, done, total)
	}
}

// summarize says what was done, unless it failed.
func summarize(say io.Writer, what string, all []backup.Summary, err error) error {
	if err != nil && !errors.Is(err, backup.ErrLost) {
		return err
	}
	for _, s := range all {
		fmt.Fprintf(say, "%s %s: %d records", what, s.Log, s.Records)
		if s.Missing > 0 {
			fmt.Fprintf(say, "; %d in between are missing, because they were too old to be kept or are lost", s.Missing)
		}
		fmt.Fprintln(say)
	}
	return err
}

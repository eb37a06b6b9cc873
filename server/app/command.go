package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"routeguide/server/store"
)

// Command runs what args name: backup, restore, check, health, version, or else the server. What check, health and version find
// goes to out, all else to say.
func Command(ctx context.Context, args []string, out, say io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "backup":
			return backUp(ctx, args[1:], say)
		case "restore":
			return restore(ctx, args[1:], say)
		case "check":
			return check(ctx, args[1:], out, say)
		case "health":
			return health(ctx, args[1:], out, say)
		case "version", "-version", "--version":
			printVersion(out)
			return nil
		case "mcp":
			return serveAgent(ctx, args[1:], say)
		}
	}
	return Run(ctx, args, say)
}

const backupUsage = `Usage: routeguide backup [flags] file

Copies the store in -data to a file, whether a RouteGuide has it open or not. All that was acknowledged before
is in the file. It is there when it is complete and on the disk, readable by its owner alone, and takes the
place of one of that name only then. On a cluster every RouteGuide has the whole state: the copy of any is one
of all.

`

func backUp(ctx context.Context, args []string, say io.Writer) error {
	c, file, err := storeCommand("backup", backupUsage, args, 1, say)
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := store.Backup(ctx, c.store(nil), file, newMeter(say, "copied", "pages").progress); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(say, "%s has all of %s: %d bytes, in %v\n", file, c.data, info.Size(), time.Since(begun).Round(time.Millisecond))
	return nil
}

const restoreUsage = `Usage: routeguide restore [flags] file

Makes a file that "routeguide backup" wrote the store in -data, which must have none yet; or, with -nats-url, the
state that a cluster without changes begins with. When it is interrupted, nothing is there: run it again.

`

func restore(ctx context.Context, args []string, say io.Writer) error {
	c, file, err := storeCommand("restore", restoreUsage, args, 1, say)
	if err != nil {
		return err
	}
	to := c.data
	if c.nats.URL != "" {
		to = c.nats.URL
		err = store.Restore(ctx, c.nats, file, newMeter(say, "restored", "bytes").progress)
	} else {
		err = store.Unpack(ctx, c.data, file, newMeter(say, "restored", "pages").progress)
	}
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	fmt.Fprintf(say, "%s has all of %s\n", to, file)
	return nil
}

const checkUsage = `Usage: routeguide check [flags]

Reads all of the store in -data, whether a RouteGuide has it open or not, and says which pages are damaged and
what they belong to. It changes nothing. The exit status is 1 when something is damaged.

`

// errDamaged ends check with a status that scripts see.
var errDamaged = errors.New("the store is damaged")

func check(ctx context.Context, args []string, out, say io.Writer) error {
	c, _, err := storeCommand("check", checkUsage, args, 0, say)
	if err != nil {
		return err
	}
	damage, err := store.Check(ctx, c.store(nil), newMeter(say, "read", "pages").progress)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	for _, sentence := range damage {
		fmt.Fprintln(out, sentence)
	}
	if len(damage) > 0 {
		return errDamaged
	}
	fmt.Fprintf(out, "all of the store in %s is whole\n", c.data)
	return nil
}

// storeCommand reads the flags of a command on a store, and its file if it takes one.
func storeCommand(name, usage string, args []string, files int, say io.Writer) (c config, file string, err error) {
	fs := flag.NewFlagSet("routeguide "+name, flag.ContinueOnError)
	fs.SetOutput(say)
	fs.Usage = func() {
		fmt.Fprint(say, usage)
		fs.PrintDefaults()
	}
	c.storeFlags(fs)
	if err := read(fs, args, os.LookupEnv); err != nil {
		return c, "", err
	}
	switch {
	case fs.NArg() < files:
		return c, "", fmt.Errorf("%s: no file is given; -h tells more", name)
	case fs.NArg() > files:
		return c, "", fmt.Errorf("%s: unexpected argument %q; flags come first", name, fs.Arg(files))
	}
	return c, fs.Arg(0), c.checkStore()
}

// A meter says once a second how far something is.
type meter struct {
	say        io.Writer
	what, unit string
	next       time.Time
}

func newMeter(say io.Writer, what, unit string) *meter {
	return &meter{say: say, what: what, unit: unit, next: time.Now().Add(time.Second)}
}

func (m *meter) progress(done, total int64) {
	if now := time.Now(); now.After(m.next) {
		m.next = now.Add(time.Second)
		fmt.Fprintf(m.say, "%s %d of %d %s\n", m.what, done, total, m.unit)
	}
}

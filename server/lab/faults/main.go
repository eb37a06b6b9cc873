// Command faults breaks what RouteGuide stands on while clients write through it, and counts what was acknowledged but is
// not found again, or is found twice. It prints a Markdown table, and fails unless both counts are zero.
//
// Programs and NATS servers are processes of their own, as they are in life; clients do what the contract says that a
// client does that lost its connection, and nothing more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// run is the program: the table goes to out, what is being done to progress. When it returns, every process that it
// started has ended, and every file it made is gone unless it found something wrong.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) > 0 && args[0] == nodeCommand {
		return serveNode(ctx, args[1:], progress)
	}
	fs := flag.NewFlagSet("faults", flag.ContinueOnError)
	fs.SetOutput(progress)
	rounds := fs.Int("rounds", 10, "break each thing so many `times`")
	writers := fs.Int("writers", 8, "so many `clients` write notes, and as many record routes")
	only := fs.String("only", "", "break what matches the `regexp`")
	bin := fs.String("bin", "bin/routeguide", "the RouteGuide `program`")
	if err := fs.Parse(args); err != nil {
		return err
	}
	wanted, err := regexp.Compile(*only)
	switch {
	case err != nil:
		return fmt.Errorf("-only: %w", err)
	case *rounds < 1 || *writers < 1:
		return errors.New("-rounds and -writers must be at least 1")
	case fs.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}

	l := &lab{bin: *bin, progress: progress, rounds: *rounds, writers: *writers}
	var t table
	defer func() { t.write(out) }()
	for _, f := range faults() {
		if !wanted.MatchString(f.name) {
			continue
		}
		row, err := l.try(ctx, f)
		switch {
		case ctx.Err() != nil:
			return errors.New("interrupted")
		case err != nil:
			return fmt.Errorf("%s: %w", f.name, err)
		}
		t = append(t, row)
	}
	if len(t) == 0 {
		return fmt.Errorf("-only: nothing matches %s", wanted)
	}
	return t.verdict()
}

// A lab is where faults are tried. One goroutine uses it.
type lab struct {
	bin             string // RouteGuide
	progress        io.Writer
	rounds, writers int
}

func (l *lab) say(format string, args ...any) { fmt.Fprintf(l.progress, format+"\n", args...) }

// try sets a fault's stage, has clients write on it while it is broken and mended round after round, and looks for what
// they were told is stored.
func (l *lab) try(ctx context.Context, f fault) (_ row, err error) {
	if f.missing != "" {
		l.say("%s: skipped, %s", f.name, f.missing)
		return row{fault: f.name, skipped: f.missing}, nil
	}
	dir, err := os.MkdirTemp("", "routeguide-faults-")
	if err != nil {
		return row{}, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return row{}, err
	}
	st, err := f.set(ctx, l, dir)
	if err != nil {
		return row{}, errors.Join(fmt.Errorf("set the stage: %w", err), os.RemoveAll(dir))
	}
	c, err := newCrowd(st.addrs, l.writers)
	if err != nil {
		return row{}, errors.Join(err, st.close(), os.RemoveAll(dir))
	}
	defer func() { err = errors.Join(err, c.close()) }()
	c.begin(ctx)
	err = l.play(ctx, f, st, c)
	c.end()
	r := row{fault: f.name, rounds: l.rounds, gap: c.longestGap()}
	if err == nil {
		err = c.audit(ctx, &r)
	}
	if err == nil && (r.lost > 0 || r.doubled > 0) {
		l.say("%s: what is left lies in %s", f.name, dir)
		return r, st.close()
	}
	return r, errors.Join(err, st.close(), os.RemoveAll(dir))
}

func (l *lab) play(ctx context.Context, f fault, st *stage, c *crowd) error {
	for round := range l.rounds {
		l.say("%s: round %d of %d, %d acknowledged", f.name, round+1, l.rounds, c.acknowledged())
		if err := c.progress(ctx); err != nil {
			return fmt.Errorf("before the fault: %w", err)
		}
		if err := st.hurt(ctx, c); err != nil {
			return fmt.Errorf("break it: %w", err)
		}
		if err := st.heal(ctx); err != nil {
			return fmt.Errorf("mend it: %w", err)
		}
		if err := c.progress(ctx); err != nil {
			return fmt.Errorf("after the fault: %w", err)
		}
		if st.settle == nil {
			continue
		}
		if err := c.rest(func() error { return st.settle(ctx) }); err != nil {
			return fmt.Errorf("let it settle: %w", err)
		}
	}
	return nil
}

// Command bench measures RouteGuide side by side with the example server of grpc-go and prints a Markdown table. It is
// run from the top level of the repository.
//
// Servers are processes of their own, on this machine as the clients are. What is compared is measured in turns (A B A B
// and so on); a ratio is the median of the ratios of turns that follow each other, so that a machine that gets slower in
// between does not matter. Nothing here passes or fails by the clock.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is the program: the table goes to out, what is being done to progress. Every process that it started has ended, and
// every file it made is gone, when it returns. The table of an interrupted run holds what was finished.
func run(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(progress)
	rounds := fs.Int("rounds", 7, "measure each side so many `times`")
	seconds := fs.Float64("seconds", 0.8, "measure for so many `seconds` each time")
	only := fs.String("only", "", "measure what matches the `regexp`")
	asSource := fs.Bool("source", false, "measure nothing: be the server that is relayed")
	bin := fs.String("bin", "bin/routeguide", "the RouteGuide `program`")
	if err := fs.Parse(args); err != nil {
		return err
	}
	wanted, err := regexp.Compile(*only)
	switch {
	case err != nil:
		return fmt.Errorf("-only: %w", err)
	case *rounds < 1 || *seconds <= 0:
		return errors.New("-rounds and -seconds must be more than 0")
	case fs.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}

	if *asSource {
		return serveSource(ctx, progress)
	}
	dir, err := os.MkdirTemp("", "routeguide-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	l := &lab{bin: *bin, dir: dir, progress: progress, servers: make(map[program]*server)}
	defer l.close()
	p := plan{rounds: *rounds, window: time.Duration(*seconds * float64(time.Second))}

	var t table
	if t.machine, err = describe(dir); err != nil {
		return err
	}
	t.plan = p
	defer func() {
		if len(t.rows) > 0 {
			err = errors.Join(err, t.write(out))
		}
	}()
	found := false
	for _, trial := range trials() {
		if !wanted.MatchString(trial.name()) {
			continue
		}
		found = true
		rows, err := trial.run(ctx, l, p)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", trial.name(), err)
		}
		t.rows = append(t.rows, rows...)
	}
	if !found {
		return fmt.Errorf("-only: nothing matches %s", wanted)
	}
	return nil
}

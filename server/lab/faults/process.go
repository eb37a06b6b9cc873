package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// A process can be killed and started again with the same arguments, and so at the same addresses.
type process struct {
	bin   string
	args  []string
	ready string // a line that holds this says that it serves

	cmd  *exec.Cmd     // nil while it does not run
	gone chan struct{} // closed when it has ended
}

const startBound = 2 * time.Minute

// start returns when the process serves.
func (p *process) start(ctx context.Context) error {
	cmd := exec.Command(p.bin, p.args...)
	stderr, said := io.Pipe()
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		said.CloseWithError(cmd.Wait())
	}()
	served, ended := make(chan struct{}), make(chan string, 1)
	go func() {
		var last []string // lines
		serves := false
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			if last = append(last, lines.Text()); len(last) > 10 {
				last = last[1:]
			}
			if !serves && strings.Contains(lines.Text(), p.ready) {
				serves = true
				close(served)
			}
		}
		_, _ = io.Copy(io.Discard, stderr) // a process that nobody reads would wait
		ended <- strings.Join(last, "\n")
	}()
	p.cmd, p.gone = cmd, gone
	late := time.NewTimer(startBound)
	defer late.Stop()
	select {
	case <-served:
		return nil
	case last := <-ended:
		p.cmd = nil
		return fmt.Errorf("%s has ended:\n%s", p.bin, last)
	case <-late.C:
		return errors.Join(fmt.Errorf("%s does not serve after %v", p.bin, startBound), p.kill())
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.kill())
	}
}

// kill ends the process as a power cut would, and returns when it is gone.
func (p *process) kill() error {
	if p.cmd == nil {
		return nil
	}
	err := p.cmd.Process.Kill()
	<-p.gone
	p.cmd = nil
	return err
}

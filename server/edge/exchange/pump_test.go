package exchange

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

func TestPumpKeepsOrderAndBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		var batches []string
		p := NewPump(func(b []byte) error {
			<-let
			batches = append(batches, string(b))
			return nil
		})
		for _, s := range []string{"a", "b", "c", "d"} {
			if err := errors.Join(p.Write([]byte(s)), p.Flush()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // the first is with the sink now
		}
		if err := p.Write([]byte("e")); err != nil { // not flushed: stays back until the end
			t.Fatal(err)
		}
		let <- struct{}{}
		synctest.Wait()
		let <- struct{}{}
		synctest.Wait()
		if got := strings.Join(batches, "|"); got != "a|bcd" {
			t.Errorf("batches %q", got)
		}
		go func() { let <- struct{}{} }()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(batches, "|"); got != "a|bcd|e" {
			t.Errorf("batches %q", got)
		}
	})
}

func TestPumpWaitsWhenItIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		got := 0
		p := NewPump(func(b []byte) error {
			<-let
			got += len(b)
			return nil
		})
		const size, count = 1000, 500
		written := 0
		done := make(chan error, 1)
		go func() {
			for range count {
				if err := errors.Join(p.Write(bytes.Repeat([]byte{'x'}, size)), p.Flush()); err != nil {
					done <- err
					return
				}
				written += size
			}
			done <- p.Close()
		}()
		synctest.Wait()
		if most := 2*batchBytes + 2*size; written > most { // one batch is with the sink
			t.Errorf("%d bytes wait, more than %d", written, most)
		}
		close(let)
		if err := <-done; err != nil || got != size*count {
			t.Errorf("%d bytes arrived, %v", got, err)
		}
	})
}

func TestPumpGivesUpWithItsSink(t *testing.T) {
	broken := errors.New("broken")
	calls := 0
	p := NewPump(func([]byte) error { calls++; return broken })
	if err := p.Write([]byte("a")); err != nil {
		t.Fatal(err)
	}
	for p.Flush() == nil { // until its goroutine has failed
	}
	if err := p.Write([]byte("b")); err != broken {
		t.Errorf("write: %v", err)
	}
	if err := p.Close(); err != broken || calls != 1 {
		t.Errorf("close: %v after %d calls", err, calls)
	}
}

func TestPumpBeatsOnlyWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all strings.Builder
		p := NewPump(func(b []byte) error { all.Write(b); return nil })
		beat := func() bool {
			defer synctest.Wait()
			return p.beat([]byte("."))
		}
		if !beat() {
			t.Error("no beat at the start")
		}
		if err := p.Write([]byte("half ")); err != nil {
			t.Fatal(err)
		}
		beat() // would stand in the middle
		if err := errors.Join(p.Write([]byte("whole")), p.Flush()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		beat()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if beat() {
			t.Error("a beat after the end")
		}
		if got := all.String(); got != ".half whole." {
			t.Errorf("sent %q", got)
		}
	})
}

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/geo"
)

// fanOut measures how long a note takes to the last one of many chats at its place. The official server has nothing like
// it: it sends notes to those only who write.
type fanOut struct {
	title           string
	writer, readers program
}

const (
	followers   = 1000
	notesARound = 10
)

func (f fanOut) name() string {
	return "RouteChat, a note to the last of " + whole(followers) + " followers, " + f.title
}

func (f fanOut) run(ctx context.Context, l *lab, p plan) (_ []row, err error) {
	s, err := l.start(ctx, f.readers)
	if err != nil {
		return nil, err
	}
	from, err := l.start(ctx, f.writer)
	if err != nil {
		return nil, err
	}
	conn, err := dial(from.grpc)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	lines, err := newLines(s, maxLines)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancelCause(ctx)
	var chats sync.WaitGroup
	defer func() { end(nil); lines.close(); chats.Wait() }()

	// Each chat is sent the first note of every other one, and then each note that the writer leaves.
	var got atomic.Int64
	arrived := make(chan time.Time, 1)
	const before = followers * followers
	follow := func(conn *grpc.ClientConn, at geo.Point) error {
		stream, err := openChat(ctx, conn)
		if err != nil {
			return err
		}
		if err := write(stream, at); err != nil {
			return err
		}
		for {
			if err := skip(stream); err != nil {
				return err
			}
			if n := got.Add(1); n >= before && n%followers == 0 {
				arrived <- time.Now()
			}
		}
	}
	l.say("%s: they join", f.name())
	at := newPlace()
	for i := range followers {
		chats.Go(func() { end(fmt.Errorf("follower: %w", follow(lines[i%maxLines].grpc, at))) })
	}
	writer, err := openChat(ctx, conn)
	if err != nil {
		return nil, err
	}
	chats.Go(func() {
		for skip(writer) == nil {
		}
	})
	send := func() (time.Duration, error) {
		began := time.Now()
		if err := write(writer, at); err != nil {
			return 0, err
		}
		select {
		case last := <-arrived:
			return last.Sub(began), nil
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
	if _, err := send(); err != nil {
		return nil, err
	}

	var times []float64
	cpuBefore, known := f.cpu(s, from)
	for round := range p.rounds {
		l.say("%s: round %d of %d", f.name(), round+1, p.rounds)
		for range notesARound {
			took, err := send()
			if err != nil {
				return nil, err
			}
			times = append(times, float64(took))
		}
	}
	cpuAfter, _ := f.cpu(s, from)
	r := row{what: f.name(), name: "native gRPC", value: reading{value: spreadOf(times).duration(), cpu: noCPU}}
	if known {
		r.value.cpu = (cpuAfter - cpuBefore) / time.Duration(len(times))
	}
	return []row{r}, nil
}

// cpu is what both programs have used, which may be one.
func (f fanOut) cpu(readers, writer *server) (time.Duration, bool) {
	used, known := readers.cpu()
	if writer != readers {
		more, alsoKnown := writer.cpu()
		return used + more, known && alsoKnown
	}
	return used, known
}

func write(stream grpc.ClientStream, at geo.Point) error {
	note := &routeguidepb.RouteNote{Location: pointMessage(at), Message: "A note to everybody who is here."}
	if err := stream.SendMsg(raw(encode(note))); err != nil {
		return errors.Join(err, skip(stream))
	}
	return nil
}

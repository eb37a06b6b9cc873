package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Calls stands around every call of a server: it turns errors into statuses, recovers panics, writes one log line a call
// and ends streams that must end. It is safe for concurrent use.
type Calls struct {
	log     *slog.Logger
	end     context.Context
	endAll  context.CancelCauseFunc
	running sync.WaitGroup // handlers of streams, and the sweeper
	large   map[string]int
	metrics *metrics

	mu      sync.Mutex
	streams map[*stream]struct{}
}

// NewCalls returns Calls that cut off a stream whose client has not read for stall. A message may have 4 MiB, or as many
// bytes as large says for its method, "/package.Service/Method". Close ends it.
func NewCalls(log *slog.Logger, stall time.Duration, large map[string]int) *Calls {
	c := &Calls{log: log, large: large, streams: make(map[*stream]struct{}), metrics: newMetrics()}
	c.end, c.endAll = context.WithCancelCause(context.Background())
	c.running.Go(func() { c.sweep(stall / 2) })
	return c
}

// EndStreams ends every open stream, and each one that begins from now on, with UNAVAILABLE.
func (c *Calls) EndStreams() {
	c.endAll(errShutdown)
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.streams {
		s.cut(errShutdown)
	}
}

// Close ends all streams and waits for their handlers. The server must have been stopped, or be about to be.
func (c *Calls) Close() {
	c.EndStreams()
	c.running.Wait()
}

func (c *Calls) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	start := time.Now()
	end := c.metrics.begin(kind(false, false), info.FullMethod, true)
	err = c.guard(func() error { resp, err = handler(ctx, req); return err })
	st := c.told(err)
	end(st.Code(), 1, sentBy(st))
	c.line(ctx, info.FullMethod, st, err, start)
	return resp, st.Err()
}

// stream runs the handler in a goroutine of its own, so that the call can end although the handler is blocked in RecvMsg
// or SendMsg: these return as soon as the call has ended.
func (c *Calls) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	start := time.Now()
	end := c.metrics.begin(kind(info.IsClientStream, info.IsServerStream), info.FullMethod, srv != nil)
	ctx, cancel := context.WithCancelCause(ss.Context())
	defer cancel(nil)
	s := &stream{ServerStream: ss, ctx: ctx, cut: cancel, limit: c.limit(info.FullMethod)}
	defer c.track(s)()
	if c.end.Err() != nil {
		cancel(context.Cause(c.end))
	}

	done := make(chan error, 1)
	c.running.Go(func() { done <- c.guard(func() error { return handler(srv, s) }) })
	var err error
	select {
	case err = <-done:
		if err != nil && ctx.Err() != nil && ss.Context().Err() == nil {
			err = context.Cause(ctx) // the handler failed because the call was ended
		}
	case <-ctx.Done():
		if err = context.Cause(ctx); ss.Context().Err() != nil {
			err = <-done // the client is gone: the handler sees it too
		}
	}
	st := c.told(err)
	received, sent := s.received.Load(), s.sent.Load()/2
	end(st.Code(), received, sent)
	c.line(ctx, info.FullMethod, st, err, start, slog.Uint64("received", received), slog.Uint64("sent", sent))
	return st.Err()
}

// sentBy is how many messages a unary call of this status answers with.
func sentBy(st *status.Status) uint64 {
	if st.Code() == codes.OK {
		return 1
	}
	return 0
}

// guard makes a panic of the handler an error.
func (c *Calls) guard(handle func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return handle()
}

func (c *Calls) told(err error) *status.Status {
	st, known := statusOf(err)
	if !known {
		c.log.Error("call failed", "err", err)
	}
	return st
}

// line logs a call that went well, or that its client ended, for those who debug, any other for everybody.
func (c *Calls) line(ctx context.Context, method string, st *status.Status, err error, start time.Time, more ...slog.Attr) {
	level := slog.LevelDebug
	switch st.Code() {
	case codes.OK, codes.Canceled, codes.DeadlineExceeded, codes.Unimplemented:
	default:
		level = slog.LevelInfo
	}
	if !c.log.Enabled(ctx, level) {
		return
	}
	attrs := append([]slog.Attr{
		slog.String("method", method), slog.String("code", st.Code().String()),
		slog.Duration("took", time.Since(start)), slog.String("door", door(ctx)),
	}, more...)
	if who := value(ctx, mdTraveler); who != "" {
		attrs = append(attrs, slog.String("traveler", who))
	}
	if err != nil {
		attrs = append(attrs, slog.String("err", st.Message()))
	}
	c.log.LogAttrs(ctx, level, "call", attrs...)
}

func (c *Calls) track(s *stream) (untrack func()) {
	c.mu.Lock()
	c.streams[s] = struct{}{}
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		delete(c.streams, s)
		c.mu.Unlock()
	}
}

// sweep cuts off streams that stand in the same SendMsg for a whole interval.
func (c *Calls) sweep(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-c.end.Done():
			return
		case <-tick.C:
		}
		c.mu.Lock()
		for s := range c.streams {
			sent := s.sent.Load()
			if sent%2 == 1 && sent == s.swept {
				s.cut(errStalled)
			}
			s.swept = sent
		}
		c.mu.Unlock()
	}
}

// A stream counts what passes through it.
type stream struct {
	grpc.ServerStream
	ctx      context.Context
	cut      context.CancelCauseFunc
	limit    int // bytes of a message received
	received atomic.Uint64
	sent     atomic.Uint64 // twice the messages sent, and one more while one is being sent
	swept    uint64        // sent as the sweeper saw it last
}

func (s *stream) Context() context.Context { return s.ctx }

func (s *stream) RecvMsg(m any) error {
	return receiveWithin(func(m any) error {
		err := s.ServerStream.RecvMsg(m)
		if err == nil {
			s.received.Add(1)
		}
		return err
	}, s.limit, m)
}

func (s *stream) SendMsg(m any) error {
	s.sent.Add(1)
	defer s.sent.Add(1)
	err := s.ServerStream.SendMsg(m)
	if status.Code(err) == codes.Unavailable { // the transport may notice before the context does that the client left
		return context.Canceled
	}
	return err
}

package rpc

import (
	"errors"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"routeguide/server/refusal"
)

const causeBytes = 8 << 10 // of a cause that are logged, the stack of a panic among them

// log writes the line of a call that has ended: for those who debug, if it went well or its client ended it. Whatever a
// client can choose is cut.
func (c *call) log(err error) {
	level, say := slog.LevelInfo, "call"
	code := status.Code(err)
	switch code {
	case codes.OK, codes.Canceled, codes.DeadlineExceeded, codes.Unimplemented:
		level = slog.LevelDebug
	}
	var failed *failure
	if errors.As(err, &failed) && failed.id != "" {
		level, say = slog.LevelError, "call failed"
	}
	if !c.calls.Log.Enabled(c.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", refusal.Cut(c.method)), slog.String("door", c.door), slog.String("code", code.String()),
		slog.String("peer", peerOf(c)), slog.Duration("took", c.took),
		slog.Int64("received", c.receivedBytes.Load()), slog.Int64("sent", c.sentBytes.Load()),
	}
	if who := value(c.ctx, mdTraveler); who != "" {
		attrs = append(attrs, slog.String("traveler", refusal.Cut(who)))
	}
	switch {
	case failed == nil:
	case failed.id != "":
		cause := failed.cause.Error()
		attrs = append(attrs, slog.String("id", failed.id), slog.String("err", cause[:min(len(cause), causeBytes)]))
	default:
		attrs = append(attrs, slog.String("err", refusal.Sentence(failed.st.Message())))
	}
	c.calls.Log.LogAttrs(c.ctx, level, say, attrs...)
}

// peerOf says where a call came from: a network address, or that of the HTTP port's client where it is known.
func peerOf(c *call) string {
	p, ok := peer.FromContext(c.ctx)
	if !ok {
		return ""
	}
	if at := c.calls.Proxies.AddressOf(c.ctx); at.IsValid() && p.Addr.Network() == "bufconn" {
		return at.String()
	}
	return p.Addr.String()
}

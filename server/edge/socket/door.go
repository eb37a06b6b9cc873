// Package socket is the door of gRPC over WebSocket: it speaks the sub-protocol of @improbable-eng/grpc-web and relays each
// call to the grpc.Server.
package socket

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"nhooyr.io/websocket"

	"routeguide/server/edge/exchange"
	"routeguide/server/edge/wire"
	"routeguide/server/refusal"
	"routeguide/server/relay"
)

// subprotocol is that of @improbable-eng/grpc-web: one call a WebSocket. The client's first message carries the request
// headers; each of its later ones begins with a byte that says whether frames follow or the client half-closes. The server
// sends frames: header lines, messages, trailer lines.
const subprotocol = "grpc-websockets"

type door struct {
	conn  grpc.ClientConnInterface
	calls *exchange.Calls
	log   *slog.Logger
	open  atomic.Int64
}

// New returns the door to the server at the other end of conn. What a peer did wrong is logged for those who debug.
func New(conn grpc.ClientConnInterface, calls *exchange.Calls, log *slog.Logger) http.Handler {
	return &door{conn: conn, calls: calls, log: log}
}

// Is tells whether r comes to this door.
func Is(r *http.Request) bool {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return false
	}
	for _, v := range r.Header.Values("Sec-Websocket-Protocol") {
		for p := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(p), subprotocol) {
				return true
			}
		}
	}
	return false
}

// ServeHTTP runs one call. Origins have been checked.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer d.open.Add(-1)
	if d.open.Add(1) > int64(d.calls.Limits.Sockets) {
		w.Header().Set("Retry-After", "10")
		exchange.Refuse(w, http.StatusServiceUnavailable, "Too many WebSockets are open.")
		return
	}
	hijacked := &hijacker{ResponseWriter: w, patience: d.calls.Patience}
	ws, err := websocket.Accept(hijacked, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // or it would apply a rule of its own to origins
	})
	if err != nil {
		return // it has answered
	}
	s := newSocket(ws, hijacked.conn, d.calls)
	defer context.AfterFunc(d.calls.Cut, func() { _ = s.conn.Close() })()
	defer context.AfterFunc(d.calls.Ending, s.conn.expect)()

	var owned sync.WaitGroup
	defer owned.Wait()
	defer s.pump.Close()
	defer ws.CloseNow()
	st, code := d.run(r, s, &owned)
	if st == nil {
		return
	}
	if code != websocket.StatusNormalClosure && code != websocket.StatusGoingAway {
		d.log.Debug("a WebSocket was refused", "path", refusal.Cut(r.URL.Path), "peer", r.RemoteAddr, "status", st.Err())
	}
	_ = s.end(st, code)
}

// run relays the call and says how it ended; the status is nil where the peer cannot be told. The goroutines it starts end
// with the connection.
func (d *door) run(r *http.Request, s *socket, owned *sync.WaitGroup) (*status.Status, websocket.StatusCode) {
	header, err := s.readHeader(r.Context())
	if err != nil {
		return d.verdict(r.Context(), err)
	}
	// What the first message says counts more than what came with the request, as from a page's cookie.
	if authorization := r.Header.Get("Authorization"); authorization != "" && len(header.metadata.Get("authorization")) == 0 {
		header.metadata.Set("authorization", authorization)
	}
	if hops := forwardedFor(r); wire.Printable(hops) {
		header.metadata.Set("x-forwarded-for", hops)
	}
	ctx, cancel := context.WithCancelCause(metadata.NewOutgoingContext(r.Context(), header.metadata))
	defer cancel(nil)
	s.compressor, s.fail = header.compressor, cancel
	s.acquire = func(bytes int) error { return d.calls.Acquire(ctx, bytes) }
	timed := ctx
	if header.timeout > 0 {
		var stop context.CancelFunc
		timed, stop = context.WithTimeout(ctx, header.timeout)
		defer stop()
	}
	call, err := relay.Open(timed, d.conn, r.URL.Path)
	if err != nil {
		return d.verdict(ctx, err)
	}
	gone := func() {
		cancel(errGone)
		_ = s.conn.Close() // ends a write under way
	}
	owned.Go(func() {
		defer d.recovers(gone)
		late := func() {}
		err := relay.Requests(call, s)
		s.release()
		switch {
		case err == nil:
			late = func() {
				cancel(violates(websocket.StatusProtocolError, codes.InvalidArgument, "a message after the half-close"))
			}
		case !errors.Is(err, relay.ErrOver):
			cancel(err)
		}
		s.discard(late)
		gone()
	})
	owned.Go(func() {
		defer d.recovers(gone)
		s.ping(ctx, gone)
	})
	return d.verdict(ctx, relay.Responses(s, call))
}

// recovers makes a panic of a goroutine the end of its call alone.
func (d *door) recovers(gone func()) {
	if p := recover(); p != nil {
		d.log.Error("a panic ended a WebSocket", "panic", p, "stack", string(debug.Stack()))
		gone()
	}
}

// verdict is what the peer is told: the status in err, or, where a call was only cut off, why ctx ended.
func (d *door) verdict(ctx context.Context, err error) (*status.Status, websocket.StatusCode) {
	code := websocket.StatusNormalClosure
	if d.calls.Ending.Err() != nil {
		code = websocket.StatusGoingAway
	}
	if err == nil {
		return status.New(codes.OK, ""), code
	}
	st, ok := status.FromError(err)
	if cause := context.Cause(ctx); cause != nil && (!ok || st.Code() == codes.Canceled) {
		err = cause
		st, ok = status.FromError(cause)
	}
	var broken *violation
	if errors.As(err, &broken) {
		return status.Convert(broken.error), broken.close
	}
	if !ok {
		return nil, 0
	}
	return st, code
}

// ping keeps proxies in between from dropping the connection and makes a live peer break its silence. It calls gone when
// it finds that the peer has left, which nobody else sees while the peer's requests wait for the handler.
func (s *socket) ping(ctx context.Context, gone func()) {
	every := s.limits.Idle / 3
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// Not with ctx, at whose end the library would close the connection. That no pong comes means nothing here: either
		// it waits behind requests, or the deadline of the reads finds out.
		wait, cancel := context.WithTimeout(context.Background(), every)
		err := s.ws.Ping(wait)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			gone()
			return
		}
	}
}

// forwardedFor lists the addresses a request came through, as the gateway does.
func forwardedFor(r *http.Request) string {
	hops := r.Header.Values("X-Forwarded-For")
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		hops = append(hops, host)
	}
	return strings.Join(hops, ", ")
}

package edge

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"nhooyr.io/websocket"

	"routeguide/server/relay"
)

// subprotocol is that of @improbable-eng/grpc-web: one call a WebSocket. The client's first message carries the request
// headers; each of its later ones begins with a byte that says whether frames follow or the client half-closes. The server
// sends frames: header lines, messages, trailer lines.
const subprotocol = "grpc-websockets"

// sockets is gRPC over WebSocket.
type sockets struct {
	conn   grpc.ClientConnInterface
	limits Limits
	calls  *calls
	log    *slog.Logger
	open   atomic.Int64
}

func newSockets(e *Edge) *sockets {
	return &sockets{conn: e.conn, limits: e.limits, calls: e.calls, log: e.log}
}

func isSocket(r *http.Request) bool {
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
func (h *sockets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.open.Add(-1)
	if h.open.Add(1) > int64(h.limits.Sockets) {
		w.Header().Set("Retry-After", "10")
		refuse(w, http.StatusServiceUnavailable, "Too many WebSockets are open.")
		return
	}
	limits := h.limits.of(r.URL.Path)
	hijacked := &hijacker{ResponseWriter: w, patience: func() time.Duration { return h.calls.patience(limits.Write) }}
	ws, err := websocket.Accept(hijacked, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // or it would apply a rule of its own to origins
	})
	if err != nil {
		return // it has answered
	}
	s := newSocket(ws, hijacked.conn, limits, h.calls)
	defer context.AfterFunc(h.calls.cut, func() { _ = s.conn.Close() })()
	defer context.AfterFunc(h.calls.ctx, s.conn.expect)()

	var owned sync.WaitGroup
	defer owned.Wait()
	defer s.pump.close()
	defer ws.CloseNow()
	st, code := h.run(r, s, &owned)
	if st == nil {
		return
	}
	if code != websocket.StatusNormalClosure && code != websocket.StatusGoingAway {
		h.log.Debug("a WebSocket was refused", "path", r.URL.Path, "peer", r.RemoteAddr, "status", st.Err())
	}
	_ = s.end(st, code)
}

// run relays the call and says how it ended; the status is nil where the peer cannot be told. The goroutines it starts end
// with the connection.
func (h *sockets) run(r *http.Request, s *socket, owned *sync.WaitGroup) (*status.Status, websocket.StatusCode) {
	header, err := s.readHeader(r.Context())
	if err != nil {
		return h.verdict(r.Context(), err)
	}
	if hops := forwardedFor(r); printable(hops) {
		header.metadata.Set("x-forwarded-for", hops)
	}
	ctx, cancel := context.WithCancelCause(metadata.NewOutgoingContext(r.Context(), header.metadata))
	defer cancel(nil)
	timed := ctx
	if header.timeout > 0 {
		var stop context.CancelFunc
		timed, stop = context.WithTimeout(ctx, header.timeout)
		defer stop()
	}
	call, err := relay.Open(timed, h.conn, r.URL.Path)
	if err != nil {
		return h.verdict(ctx, err)
	}
	gone := func() {
		cancel(errGone)
		_ = s.conn.Close() // ends a write under way
	}
	owned.Go(func() {
		late := func() {}
		switch err := relay.Requests(call, s); {
		case err == nil:
			late = func() {
				cancel(refusef(websocket.StatusProtocolError, codes.InvalidArgument, "a message after the half-close"))
			}
		case !errors.Is(err, relay.ErrOver):
			cancel(err)
		}
		s.discard(late)
		gone()
	})
	owned.Go(func() { s.ping(ctx, gone) })
	return h.verdict(ctx, relay.Responses(s, call))
}

// verdict is what the peer is told: the status in err, or, where a call was only cut off, why ctx ended.
func (h *sockets) verdict(ctx context.Context, err error) (*status.Status, websocket.StatusCode) {
	code := websocket.StatusNormalClosure
	if h.calls.ending() {
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
	var refused *refusal
	if errors.As(err, &refused) {
		return status.Convert(refused.error), refused.close
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

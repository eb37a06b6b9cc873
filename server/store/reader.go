package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// pageBytes is about how much one request brings, and openRequests how many a connection has under way: together they
	// stay far below what the server may have unsent on a connection before it cuts it off.
	pageBytes    = 1 << 20
	openRequests = 16
)

// A reader gets records from streams by direct get requests (ADR-31 of NATS), which are answered with a page each. It has
// connections of its own, since a connection's requests are worked off one after the other. It is safe for concurrent use.
type reader struct {
	lines   []*line
	turn    atomic.Uint32
	closing chan struct{}
}

// A line is one of a reader's connections.
type line struct {
	conn  *nats.Conn
	inbox string
	slots chan struct{} // holds one for each request under way

	mu    sync.Mutex
	count uint64
	calls map[string]*call // by the subject they are answered on
}

// A request is what the server is asked for: either the next records of a filter or the newest one of a subject.
type request struct {
	Seq      uint64 `json:"seq,omitempty"` // the first that may come
	Filter   string `json:"next_by_subj,omitempty"`
	Batch    int    `json:"batch,omitempty"`
	MaxBytes int    `json:"max_bytes,omitempty"`
	LastFor  string `json:"last_by_subj,omitempty"`
}

// A page is what a request brings.
type page struct {
	recs    []Record
	pending uint64 // records that come after these
}

// A call is a request under way.
type call struct {
	line  *line
	reply string
	last  bool          // answered by one message
	done  chan struct{} // closed when page and err are final
	page  page
	err   error
}

const readLines = 4

func newReader(ctx context.Context, e engine) (*reader, error) {
	r := &reader{closing: make(chan struct{})}
	for range readLines {
		conn, err := e.connect(ctx)
		if err != nil {
			r.close()
			return nil, err
		}
		n := &line{conn: conn, inbox: conn.NewInbox(), slots: make(chan struct{}, openRequests), calls: make(map[string]*call)}
		r.lines = append(r.lines, n)
		conn.SetDisconnectErrHandler(n.disconnected)
		if _, err := conn.Subscribe(n.inbox+".*", n.receive); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

// close fails what is under way with ErrClosed.
func (r *reader) close() {
	close(r.closing)
	for _, n := range r.lines {
		n.conn.Close()
	}
}

// get asks for a page until it is answered.
func (r *reader) get(ctx context.Context, stream string, req request) (page, error) {
	start := time.Now()
	for retry := (pause{}); ; {
		c, err := r.send(ctx, stream, req)
		if err != nil {
			return page{}, err
		}
		p, err := r.wait(ctx, c)
		if !errors.Is(err, ErrUnavailable) || time.Since(start) > patience {
			return p, err
		}
		if err := retry.wait(ctx, r.closing); err != nil {
			return page{}, err
		}
	}
}

// send asks for a page; wait must follow.
func (r *reader) send(ctx context.Context, stream string, req request) (*call, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	n, err := r.acquire(ctx)
	if err != nil {
		return nil, err
	}
	c := n.open(req)
	if err := n.conn.PublishRequest("$JS.API.DIRECT.GET."+stream, c.reply, body); err != nil {
		n.finish(c, unavailable(err))
	}
	return c, nil
}

// wait returns what one request brought.
func (r *reader) wait(ctx context.Context, c *call) (page, error) {
	timeout := time.NewTimer(answerTimeout)
	defer timeout.Stop()
	select {
	case <-c.done:
	case <-ctx.Done():
		c.line.finish(c, ctx.Err())
	case <-r.closing:
		c.line.finish(c, ErrClosed)
	case <-timeout.C:
		c.line.finish(c, fmt.Errorf("%w: no answer for %v", ErrUnavailable, answerTimeout))
	}
	return c.page, c.err
}

// acquire returns a line with a free slot, which the request now has. Lines take turns, since they may end at different
// servers, of which one may lag behind or be cut off.
func (r *reader) acquire(ctx context.Context) (*line, error) {
	first := int(r.turn.Add(1))
	var best *line
	for i := range r.lines {
		n := r.lines[(first+i)%len(r.lines)]
		if best == nil || n.conn.IsConnected() && (!best.conn.IsConnected() || len(n.slots) < len(best.slots)) {
			best = n
		}
	}
	select {
	case best.slots <- struct{}{}:
		return best, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.closing:
		return nil, ErrClosed
	}
}

// disconnected fails what is under way on a line, as its answers are lost.
func (n *line) disconnected(_ *nats.Conn, _ error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.calls {
		n.end(c, fmt.Errorf("%w: %w", ErrUnavailable, nats.ErrDisconnected))
	}
}

func (n *line) open(req request) *call {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count++
	c := &call{
		line: n, reply: n.inbox + "." + strconv.FormatUint(n.count, 36), last: req.LastFor != "", done: make(chan struct{}),
	}
	n.calls[c.reply] = c
	return c
}

// finish ends a call that has not ended yet.
func (n *line) finish(c *call, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.end(c, err)
}

// end is finish for holders of the lock.
func (n *line) end(c *call, err error) {
	if n.calls[c.reply] != c {
		return
	}
	delete(n.calls, c.reply)
	if c.err = err; err != nil {
		c.page = page{}
	}
	close(c.done)
	<-n.slots
}

func (n *line) receive(msg *nats.Msg) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.calls[msg.Subject]
	if c == nil {
		return // given up
	}
	if over, err := c.page.add(msg); over || c.last || err != nil {
		n.end(c, err)
	}
}

var errIncomplete = errors.New("incomplete answer")

// add takes the next message of an answer and tells whether it was the last.
func (p *page) add(msg *nats.Msg) (over bool, err error) {
	switch status := msg.Header.Get("Status"); status {
	case "":
	case "204": // the end
		if err := p.follows(msg.Header); err != nil {
			return true, err
		}
		p.pending, err = strconv.ParseUint(msg.Header.Get("Nats-Num-Pending"), 10, 64)
		return true, err
	case "404": // nothing found
		return true, nil
	case "503":
		return true, unavailable(nats.ErrNoResponders)
	default:
		return true, fmt.Errorf("%w: %s %s", ErrUnavailable, status, msg.Header.Get("Description"))
	}
	if msg.Header.Get("Nats-Last-Sequence") != "" {
		if err := p.follows(msg.Header); err != nil {
			return true, err
		}
	}
	seq, err := strconv.ParseUint(msg.Header.Get("Nats-Sequence"), 10, 64)
	if err != nil {
		return true, unavailable(err)
	}
	stored, err := time.Parse(time.RFC3339Nano, msg.Header.Get("Nats-Time-Stamp"))
	if err != nil {
		return true, unavailable(err)
	}
	rec := Record{Seq: seq, Subject: strings.Clone(msg.Header.Get("Nats-Subject")), Time: stored, Data: msg.Data}
	rec.label(msg.Header)
	p.recs = append(p.recs, rec)
	return false, nil
}

// follows checks that no message was lost on the way: each names the record before it.
func (p *page) follows(h nats.Header) error {
	var before uint64
	if len(p.recs) > 0 {
		before = p.recs[len(p.recs)-1].Seq
	}
	if h.Get("Nats-Last-Sequence") != strconv.FormatUint(before, 10) {
		return unavailable(errIncomplete)
	}
	return nil
}

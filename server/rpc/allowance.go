package rpc

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"routeguide/server/refusal"
)

// An Allowance is what one caller may do. Zero fields allow any number.
type Allowance struct {
	Calls   int // begun a second, and those of ten seconds at once
	Streams int // open at a time
	Bytes   int // of messages received a second, and those of twenty minutes at once
	Notes   int // written a minute, and those of two minutes at once
}

// DefaultAllowance holds for a family behind one address: some pages, each with a dozen streams, and phones.
var DefaultAllowance = Allowance{Calls: 100, Streams: 500, Bytes: 256 << 10, Notes: 300}

const (
	callsAtOnce = 10 * time.Second
	bytesAtOnce = 20 * time.Minute
	notesAtOnce = 2 * time.Minute
	// bytesWait is how long a message may wait for its turn, before it is refused.
	bytesWait = 5 * time.Second
	// maxAccounts are those that are known at a time; whoever comes then shares one with others who do.
	maxAccounts = 1 << 16
	lateComers  = "others"
)

// accounts is what callers have left of their allowance. It is safe for concurrent use.
type accounts struct {
	Allowance
	mu  sync.Mutex
	all map[string]*account
}

// An account is that of one caller.
type account struct {
	calls, bytes, notes *rate.Limiter
	mu                  sync.Mutex
	open, most          int // streams
}

func newAccounts(a Allowance) *accounts {
	return &accounts{Allowance: a, all: make(map[string]*account)}
}

// of returns the account of a caller, an address or another name, who may do so many times the allowance.
func (a *accounts) of(caller string, times int) *account {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all[caller] == nil && len(a.all) >= maxAccounts {
		caller = lateComers
	}
	if a.all[caller] == nil {
		a.all[caller] = &account{
			calls: limiter(float64(a.Calls*times), callsAtOnce), bytes: limiter(float64(a.Bytes*times), bytesAtOnce),
			notes: limiter(float64(a.Notes*times)/60, notesAtOnce), most: a.Streams * times,
		}
	}
	return a.all[caller]
}

// forget drops accounts that are as new ones are.
func (a *accounts) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for caller, one := range a.all {
		if one.untouched() {
			delete(a.all, caller)
		}
	}
}

func (a *account) untouched() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range []*rate.Limiter{a.calls, a.bytes, a.notes} {
		if l.Limit() != rate.Inf && l.Tokens() < float64(l.Burst()) {
			return false
		}
	}
	return a.open == 0
}

// limiter allows so many a second, or any number for 0, and at once as many as gather in some time.
func limiter(aSecond float64, atOnce time.Duration) *rate.Limiter {
	if aSecond == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(aSecond), max(1, int(aSecond*atOnce.Seconds())))
}

// begin pays for a call; leave must follow unless it fails.
func (a *account) begin(stream bool) error {
	if err := spend(context.Background(), a.calls, 1, 0, "calls"); err != nil || !stream {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.most > 0 && a.open == a.most {
		return &overdrawn{"streams", time.Second}
	}
	a.open++
	return nil
}

func (a *account) leave(stream bool) {
	if stream {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.open--
	}
}

// spend pays for n, which may be more than there ever are at once, and waits for them for so long as patience; or says when
// there will be so many.
func spend(ctx context.Context, l *rate.Limiter, n int, patience time.Duration, what string) error {
	if l.Limit() == rate.Inf {
		return nil
	}
	r := l.ReserveN(time.Now(), min(n, l.Burst()))
	wait := r.Delay()
	switch {
	case wait > patience:
		r.Cancel()
		return &overdrawn{what, wait}
	case wait > 0:
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// overdrawn says that a caller has no more of something for some time.
type overdrawn struct {
	what  string
	retry time.Duration
}

func (o *overdrawn) seconds() int { return int(math.Ceil(o.retry.Seconds())) }

func (o *overdrawn) Error() string {
	return fmt.Sprintf("too many %s for one caller; try again in %d s", o.what, o.seconds())
}

// GRPCStatus has google.rpc.RetryInfo, in whole seconds.
func (o *overdrawn) GRPCStatus() *status.Status {
	retry := durationpb.New(time.Duration(o.seconds()) * time.Second)
	return refusal.Detailed(status.New(codes.ResourceExhausted, o.Error()), &errdetails.RetryInfo{RetryDelay: retry})
}

// keyShare is how many times as much as an address a key may do: many may come with one.
const keyShare = 10

// accountOfAddress is that of where the call comes from; nil for this machine, and so for a proxy there.
func (c *call) accountOfAddress() *account {
	at := c.calls.Proxies.AddressOf(c.ctx)
	if !at.IsValid() || at.IsLoopback() {
		return nil
	}
	return c.calls.accounts.of(at.String(), 1)
}

// accountOfKey is that of the key that the call was let in with; nil where that is none.
func (c *call) accountOfKey() *account {
	if c.caller.key == nil {
		return nil
	}
	return c.calls.accounts.of("key "+c.caller.key.ID, keyShare)
}

// pay has an account pay for the call from now on, if it has what it takes; leave must be called when the call has ended.
func (c *call) pay(from *account) (leave func(), err error) {
	if from == nil {
		return func() {}, nil
	}
	stream := c.cancel != nil
	if err := from.begin(stream); err != nil {
		return nil, err
	}
	c.accounts = append(c.accounts, from)
	return func() { from.leave(stream) }, nil
}

func (c *call) payBytes(n int64) error {
	for _, one := range c.accounts {
		if err := spend(c.ctx, one.bytes, int(n), bytesWait, "bytes"); err != nil {
			return err
		}
	}
	return nil
}

// payNote pays for a note that the call with ctx writes.
func payNote(ctx context.Context) error {
	for _, one := range callOf(ctx).accounts {
		if err := spend(ctx, one.notes, 1, 0, "notes"); err != nil {
			return err
		}
	}
	return nil
}

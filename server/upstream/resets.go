package upstream

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	resetsAtOnce    = 100
	resetsPerSecond = 30 // once as many are used up; Node.js ends a connection with more than 33
	// hasty is how young a call is that counts against its caller when it is reset.
	hasty = time.Second
	// hastyOfCaller is how many of those may wait; then the caller's next calls are refused.
	hastyOfCaller = 10
)

// resets bounds how fast calls of one upstream are reset. Most servers take too many resets for an attack and end the
// connection, which would end the calls of everybody else. It is safe for concurrent use.
type resets struct {
	free *rate.Limiter

	mu      sync.Mutex
	waiting map[netip.Addr]int // hasty calls, by caller
}

func newResets() *resets {
	return &resets{free: rate.NewLimiter(resetsPerSecond, resetsAtOnce), waiting: make(map[netip.Addr]int)}
}

// admit refuses the call of somebody who opens calls and cancels them faster than they can be reset.
func (r *resets) admit(caller netip.Addr) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[caller] >= hastyOfCaller {
		return status.Error(codes.ResourceExhausted, "too many of your calls were cancelled as soon as they had begun; try again in a second")
	}
	return nil
}

// wait returns when a call that began at a time may be reset, or when ending is done.
func (r *resets) wait(ending context.Context, caller netip.Addr, began time.Time) {
	if r.free.Allow() {
		return
	}
	if time.Since(began) < hasty {
		r.count(caller, 1)
		defer r.count(caller, -1)
	}
	_ = r.free.Wait(ending) // an error: the server ends
}

func (r *resets) count(caller netip.Addr, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[caller] += n; r.waiting[caller] == 0 {
		delete(r.waiting, caller)
	}
}

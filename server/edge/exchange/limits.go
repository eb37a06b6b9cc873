// Package exchange is what every door needs for one call over HTTP: bounds on its peer, a request that can be ended while
// it is read, an answer that leaves in batches, and an end that comes when the process does.
package exchange

import "time"

// Limits are bounds on peers. Zero fields mean the defaults.
type Limits struct {
	Sockets    int           // WebSockets open at a time: 20,000
	Message    int           // bytes of one message, not less than the grpc.Server takes: 4 MiB
	FirstFrame time.Duration // until a WebSocket has sent its request headers: 10 s
	Arrive     time.Duration // until a message, once it has begun, has arrived: 30 s
	Idle       time.Duration // until a silent peer is dropped; a pong breaks the silence of a WebSocket: 60 s
	Write      time.Duration // until a peer that does not read is dropped: 30 s
	Heartbeat  time.Duration // between signs of life in an idle event stream: 15 s
}

// withDefaults returns l with its zero fields set.
func (l Limits) withDefaults() Limits {
	or := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	or(&l.FirstFrame, 10*time.Second)
	or(&l.Arrive, 30*time.Second)
	or(&l.Idle, 60*time.Second)
	or(&l.Write, 30*time.Second)
	or(&l.Heartbeat, 15*time.Second)
	if l.Sockets == 0 {
		l.Sockets = 20_000
	}
	if l.Message == 0 {
		l.Message = 4 << 20
	}
	return l
}

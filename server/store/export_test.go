package store

import "time"

// Often has snapshots made whenever the stream has grown by so many messages.
func (c Cluster) Often(messages uint64) *Cluster {
	c.pace = pace{messages: messages, bytes: 1 << 40, look: 50 * time.Millisecond}
	return &c
}

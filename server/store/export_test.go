package store

import "time"

// Often has snapshots made whenever the stream has grown by so many messages, and what is left of unfinished ones cleared
// away when it is that old.
func (c Cluster) Often(messages uint64, abandoned time.Duration) *Cluster {
	c.pace = pace{messages: messages, bytes: 1 << 40, look: 50 * time.Millisecond, abandoned: abandoned}
	return &c
}

// ScratchName is the directory of snapshots that come and go.
const ScratchName = scratchName

// Never has the goroutine that makes snapshots panic.
func (c Cluster) Never() *Cluster {
	c.pace = pace{look: -1}
	return &c
}

package store

import "os"

// Figures are what a store comes to just now.
type Figures struct {
	Position  uint64 // of the newest change that was made here
	Waiting   int    // changes that wait for their place in the order
	Followers int    // who is told of changes
	Bytes     int64  // of the file, and of the log beside it
	Shared    bool   // other processes make changes too
	Behind    uint64 // messages of the cluster that were not applied here when it was last asked, every few seconds
}

// Figures returns them at once.
func (s *Store) Figures() Figures {
	f := Figures{Position: s.Position(), Waiting: len(s.queue), Followers: int(s.followers.Load())}
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(s.path() + suffix); err == nil {
			f.Bytes += info.Size()
		}
	}
	if c, ok := s.order.(*cluster); ok {
		f.Shared = true
		if at, newest := c.message.Load(), c.newest.Load(); at < newest {
			f.Behind = newest - at
		}
	}
	return f
}

package store

import (
	"fmt"
	"syscall"
)

// A disk bounds what a directory's files take. A server that runs into a full disk stays broken until it is restarted, so
// the end is drawn a little before it.
type disk struct {
	dir string
	max int64 // bytes, or 0 for what the file system has
}

// reserve is how much of a file system is left free: enough for what the server writes of its own accord.
const reserve = 256 << 20

// room returns ErrFull unless size more bytes have room beside those used.
func (d disk) room(size, used int64) error {
	if d.max > 0 && used+size > d.max {
		return fmt.Errorf("%w: %d of at most %d bytes are used", ErrFull, used, d.max)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &fs); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUnavailable, d.dir, err)
	}
	total, free := int64(fs.Blocks)*int64(fs.Bsize), int64(fs.Bavail)*int64(fs.Bsize)
	// A batch is written twice: staged, and then for good.
	if keep := min(reserve, total/20); free-2*size < keep {
		return fmt.Errorf("%w: the disk of %s has %d bytes free and %d of them are kept in reserve", ErrFull, d.dir, free, keep)
	}
	return nil
}

package exchange

import "context"

// A Budget is memory that all calls share. It is safe for concurrent use.
type Budget interface {
	// Acquire takes bytes, and may wait for them. Its error is told to the caller.
	Acquire(ctx context.Context, bytes int64) error
	// Release gives back what Acquire took.
	Release(bytes int64)
}

// freeBytes of a message are kept without asking: as much is on its way in every call, and the calls have bounds of their
// own.
const freeBytes = 64 << 10

// Acquire asks the budget for the memory of a message. Release gives the same bytes back.
func (c *Calls) Acquire(ctx context.Context, bytes int) error {
	if c.budget == nil || bytes <= freeBytes {
		return nil
	}
	return c.budget.Acquire(ctx, int64(bytes))
}

// Release gives back what Acquire took.
func (c *Calls) Release(bytes int) {
	if c.budget != nil && bytes > freeBytes {
		c.budget.Release(int64(bytes))
	}
}

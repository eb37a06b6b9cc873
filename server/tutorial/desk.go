package tutorial

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/store"
)

// The subjects of what Contact is told.
const (
	taskSubject   = "c.task"
	statusSubject = "c.status"
	resultSubject = "c.result"
)

const (
	maxText      = 4096 // bytes of a task, a status or a result
	followBuffer = 1024 // records that a slow reader may lie behind
)

// A desk keeps what Contact and DispatchService tell one another. It is safe for concurrent use.
type desk struct{ log *store.Log }

// An item is one task, status or result.
type item struct {
	Time time.Time `json:"time"` // when the server took it
	Text string    `json:"text"`
}

// add stores a text durably and returns when it was taken. The field names it in errors.
func (d *desk) add(ctx context.Context, subject, field, text string) (time.Time, error) {
	if len(text) > maxText {
		return time.Time{}, invalid(field, "%d bytes are more than %d", len(text), maxText)
	}
	now := time.Now().UTC()
	data, err := json.Marshal(item{now, text})
	if err != nil {
		return time.Time{}, fmt.Errorf("encode %s: %w", field, err)
	}
	if _, err := d.log.Append(ctx, store.Entry{Subject: subject, Data: data}); err != nil {
		return time.Time{}, fmt.Errorf("store %s: %w", field, err)
	}
	return now, nil
}

// follow tells the items that q selects, calls live with the cursor once all that were stored have been told, then tells
// each new one, until ctx ends or one of the functions fails. Nothing is missed in between and nothing told twice. A
// negative q.Newest selects no stored ones.
//
// Errors: those of store.Follower.Take, OUT_OF_RANGE for q.After beyond the newest record.
func (d *desk) follow(ctx context.Context, q store.Query, tell func(store.Record, item) error, live func(cursor uint64) error) error {
	end, err := d.log.End(ctx)
	if err != nil {
		return fmt.Errorf("read the contact log: %w", err)
	}
	if q.After > end {
		return status.Error(codes.OutOfRange, "the cursor lies beyond the newest report")
	}
	feed := d.log.Follow(followBuffer)
	defer feed.Close()
	// The feed may not have come to what was acknowledged just before: that is history all the same.
	q.Through = max(end, feed.Match(func(subject string) bool { return slices.Contains(q.Subjects, subject) }))
	if q.Through > q.After && q.Newest >= 0 {
		for rec, err := range d.log.Read(ctx, q) {
			if err != nil {
				return fmt.Errorf("read the contact log: %w", err)
			}
			if err := decoded(rec, tell); err != nil {
				return err
			}
		}
	}
	if err := live(q.Through); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-feed.Ready():
		}
		recs, ended := feed.Take()
		for _, rec := range recs {
			if rec.Seq <= q.Through {
				continue
			}
			if err := decoded(rec, tell); err != nil {
				return err
			}
		}
		if ended != nil {
			return fmt.Errorf("follow the contact log: %w", ended)
		}
	}
}

func decoded(rec store.Record, tell func(store.Record, item) error) error {
	var i item
	if err := json.Unmarshal(rec.Data, &i); err != nil {
		return fmt.Errorf("record %d of the contact log: %w", rec.Seq, err)
	}
	return tell(rec, i)
}

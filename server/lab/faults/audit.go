package main

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	routeguidev1 "routeguide/proto/routeguide/v1"
)

// audit looks for all that the crowd knows to be stored, at every program, and fills in what a row says of it. The crowd
// has ended.
func (c *crowd) audit(ctx context.Context, r *row) error {
	r.acknowledged = c.acknowledged()
	for i, conn := range c.conns {
		lost, doubled, err := c.auditNotes(ctx, conn)
		if err != nil {
			return err
		}
		r.lost, r.doubled = max(r.lost, lost), max(r.doubled, doubled)
		for _, w := range c.tracks {
			if err := w.audit(ctx, conn, i == 0, r); err != nil {
				return err
			}
		}
	}
	for _, w := range c.tracks {
		r.lost += w.lost
	}
	return nil
}

// auditNotes counts notes by what they say and where they stand: the same text twice is doubled whatever its identifier.
func (c *crowd) auditNotes(ctx context.Context, conn *grpc.ClientConn) (lost, doubled int, err error) {
	type key struct {
		text     string
		lat, lng int32
	}
	stored := map[key]int{}
	notes := routeguidev1.NewNoteServiceClient(conn)
	for req := (&routeguidev1.ListNotesRequest{PageSize: 1000}); ; {
		page, err := notes.ListNotes(ctx, req, grpc.WaitForReady(true))
		if err != nil {
			return 0, 0, err
		}
		for _, n := range page.Notes {
			k := key{n.Message, n.Location.GetLatitude(), n.Location.GetLongitude()}
			if stored[k]++; stored[k] > 1 {
				doubled++
			}
		}
		if req.PageToken = page.NextPageToken; req.PageToken == "" {
			break
		}
	}
	for _, w := range c.chats {
		for i := range w.written {
			n := w.note(i)
			if stored[key{n.Message, n.Location.Latitude, n.Location.Longitude}] == 0 {
				lost++
			}
		}
	}
	return lost, doubled, nil
}

// audit asks for every route once more. A finished one answers with the summary that it had; an open one must hold what
// was known of it, and is finished now, by the first program that is asked.
func (w *tracker) audit(ctx context.Context, conn *grpc.ClientConn, first bool, r *row) error {
	last := w.routes
	if first {
		last++
	}
	for i := range last {
		count, err := w.record(ctx, conn, i) // adds to w.lost when the header says less than is known
		if err != nil {
			return fmt.Errorf("route %d of %s: %w", i, w.name, err)
		}
		r.lost += max(0, pointsARoute-int(count))
		r.doubled += max(0, int(count)-pointsARoute)
	}
	return nil
}

package rpc

import (
	"context"

	"google.golang.org/grpc"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/note"
)

const (
	maxPage     = 1000 // of anything, and notes of the history that a watch begins with
	defaultPage = 100
)

type noteService struct {
	routeguidev1.UnsafeNoteServiceServer
	notes *note.Book
}

func (s *noteService) ListNotes(ctx context.Context, r *routeguidev1.ListNotesRequest) (*routeguidev1.ListNotesResponse, error) {
	area, err := bounds(ctx, r.Bounds)
	if err != nil {
		return nil, err
	}
	size, err := pageSize(r.PageSize)
	if err != nil {
		return nil, err
	}
	after, err := parseCursor(inNotes, "page_token", r.PageToken)
	if err != nil {
		return nil, err
	}
	at, err := past(ctx, "at", r.At)
	if err != nil {
		return nil, err
	}
	notes, next, more, err := s.notes.List(ctx, note.Query{Area: area, At: at, After: after, Limit: size})
	if err != nil {
		return nil, err
	}
	resp := &routeguidev1.ListNotesResponse{Cursor: token(inNotes, next)}
	if more {
		resp.NextPageToken = resp.Cursor
	}
	may := scopeOf(ctx)
	for _, n := range notes {
		if !may.note(n) {
			continue
		}
		resp.Notes = append(resp.Notes, noteMessage(n))
	}
	return resp, nil
}

func (s *noteService) WatchNotes(r *routeguidev1.WatchNotesRequest, stream grpc.ServerStreamingServer[routeguidev1.WatchNotesResponse]) error {
	area, err := bounds(stream.Context(), r.Bounds)
	if err != nil {
		return err
	}
	after, err := parseCursor(inNotes, "cursor", r.Cursor)
	if err != nil {
		return err
	}
	history := defaultPage
	if r.History != nil {
		if history, err = count("history", *r.History); err != nil {
			return err
		}
	}
	may := scopeOf(stream.Context())
	for e, err := range s.notes.Watch(stream.Context(), area, after, history) {
		if err != nil {
			return err
		}
		if !e.Live && !may.note(e.Note) {
			continue
		}
		resp := &routeguidev1.WatchNotesResponse{Cursor: token(inNotes, e.Cursor)}
		if !e.Live {
			resp.Note = noteMessage(e.Note)
		}
		if err := stream.Send(resp); err != nil {
			return err
		}
	}
	return nil
}

// DeleteNote observes a key's limits by itself: who has the secret of a note's chat wrote it.
func (s *noteService) DeleteNote(ctx context.Context, r *routeguidev1.DeleteNoteRequest) (*routeguidev1.DeleteNoteResponse, error) {
	if r.Id == "" {
		return nil, invalid("id", "is required")
	}
	token, err := resumeToken(ctx)
	if err != nil {
		return nil, err
	}
	return &routeguidev1.DeleteNoteResponse{}, s.notes.Delete(ctx, token.hash, r.Id)
}

func count(field string, n int32) (int, error) {
	if n < 0 || n > maxPage {
		return 0, invalid(field, "%d is not between 0 and %d", n, maxPage)
	}
	return int(n), nil
}

// pageSize is how many of anything a page may have.
func pageSize(n int32) (int, error) {
	if n == 0 {
		return defaultPage, nil
	}
	return count("page_size", n)
}

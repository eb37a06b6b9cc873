package rpc

import (
	"math"
	"testing"
	"time"

	"routeguide/server/replay"
	"routeguide/server/route"
	"routeguide/server/store"
	"routeguide/server/traveler"
)

func TestTokensComeBack(t *testing.T) {
	for _, n := range []uint64{0, 1, 127, 128, math.MaxUint64} {
		if got, err := parseCursor(inNotes, "cursor", token(inNotes, n)); err != nil || got != n {
			t.Errorf("cursor %d comes back as %d, %v", n, got, err)
		}
	}
	if n, err := parseCursor(inNotes, "cursor", ""); err != nil || n != 0 {
		t.Errorf("no cursor is %d, %v", n, err)
	}
	if _, err := parseCursor(inNotes, "cursor", token(inFeatures, 1)); err == nil {
		t.Error("a cursor of features is taken for one of notes")
	}
	// What clients held on to when tokens were last looked at.
	if n, err := parseCursor(inFeatures, "cursor", "ZoAI"); err != nil || n != 1024 {
		t.Errorf("a cursor of features is %d, %v", n, err)
	}
	if m, err := parseMark("cursor", "coAQBg"); err != nil || m != (route.Mark{Position: 1024, Points: 3}) {
		t.Errorf("a mark is %+v, %v", m, err)
	}
}

// What is taken comes back as it was, and nothing panics.
func FuzzTokens(f *testing.F) {
	f.Add(token(inNotes, 1<<40))
	f.Add(mark(route.Mark{Position: 1 << 40, Points: math.MaxUint32}))
	f.Add(token(inRoute, unsigned(-1), 5))
	f.Add(pageOfRoutes(route.Cursor{Start: -1, Key: 2}))
	f.Add(pageOfTravelers(traveler.Mark{Expires: 1_700_000_000_000, Route: "abc"}))
	f.Add(replayCursor(replay.Cursor{Kind: replay.Step, Moment: store.Moment{Time: time.UnixMilli(-1), Keys: [2]int64{-1, 7}}}))
	f.Add("cgI")
	f.Add("=====")
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" {
			return
		}
		comesBack(t, s, parsePageOfRoutes, pageOfRoutes)
		comesBack(t, s, parseMark, mark)
		comesBack(t, s, parsePageOfTravelers, pageOfTravelers)
		comesBack(t, s, parseReplayCursor, replayCursor)
		comesBack(t, s, func(field, s string) (uint64, error) { return parseCursor(inNotes, field, s) }, func(n uint64) string { return token(inNotes, n) })
	})
}

func comesBack[T comparable](t *testing.T, s string, parse func(field, s string) (T, error), write func(T) string) {
	t.Helper()
	v, err := parse("cursor", s)
	if err != nil {
		return
	}
	if again, err := parse("cursor", write(v)); err != nil || again != v {
		t.Errorf("%q is %+v, which comes back as %+v, %v", s, v, again, err)
	}
}

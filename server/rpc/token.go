package rpc

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"routeguide/server/replay"
	"routeguide/server/route"
	"routeguide/server/store"
	"routeguide/server/traveler"
)

// What a token is a place in; one is not taken for the other.
const (
	inNotes     = 'n'
	inFeatures  = 'f'
	inRoutes    = 'l'
	inRoute     = 'r'
	inTravelers = 't'
	inReplay    = 'a'
	inKeys      = 'k'
)

// tokens are cursors and page tokens: opaque to clients, so that they may become something else.
var tokens = base64.RawURLEncoding

func token(of byte, numbers ...uint64) string {
	raw := []byte{of}
	for _, n := range numbers {
		raw = binary.AppendUvarint(raw, n)
	}
	return tokens.EncodeToString(raw)
}

// parseToken reads the numbers of a token that a client gave back in the named field; none leaves them as they are.
func parseToken(of byte, field, s string, numbers ...*uint64) error {
	if s == "" {
		return nil
	}
	raw, err := tokens.DecodeString(s)
	if err != nil || len(raw) == 0 || raw[0] != of {
		return notGiven(field, s)
	}
	raw = raw[1:]
	for _, number := range numbers {
		n, size := binary.Uvarint(raw)
		if size <= 0 {
			return notGiven(field, s)
		}
		*number, raw = n, raw[size:]
	}
	if len(raw) > 0 {
		return notGiven(field, s)
	}
	return nil
}

func notGiven(field, s string) error { return invalid(field, "%q was not given by this server", s) }

// signed and unsigned have small numbers be short in a token, negative ones too.
func unsigned(n int64) uint64 { return protowire.EncodeZigZag(n) }
func signed(n uint64) int64   { return protowire.DecodeZigZag(n) }

func parseCursor(of byte, field, s string) (cursor uint64, err error) {
	err = parseToken(of, field, s, &cursor)
	return cursor, err
}

func pageOfRoutes(c route.Cursor) string { return token(inRoutes, unsigned(c.Start), unsigned(c.Key)) }

func parsePageOfRoutes(field, s string) (route.Cursor, error) {
	var start, key uint64
	err := parseToken(inRoutes, field, s, &start, &key)
	return route.Cursor{Start: signed(start), Key: signed(key)}, err
}

func mark(m route.Mark) string {
	return token(inRoute, unsigned(int64(m.Position)), unsigned(int64(m.Points)))
}

func parseMark(field, s string) (route.Mark, error) {
	var position, points uint64
	err := parseToken(inRoute, field, s, &position, &points)
	if err == nil && (signed(position) < 0 || signed(points) < 0 || signed(points) > math.MaxUint32) {
		err = notGiven(field, s)
	}
	return route.Mark{Position: uint64(signed(position)), Points: uint32(signed(points))}, err
}

func pageOfTravelers(m traveler.Mark) string {
	return token(inTravelers, unsigned(m.Expires)) + "." + m.Route
}

func parsePageOfTravelers(field, s string) (traveler.Mark, error) {
	at, route, _ := strings.Cut(s, ".")
	var expires uint64
	err := parseToken(inTravelers, field, at, &expires)
	if (at == "") != (route == "") {
		err = notGiven(field, s)
	}
	return traveler.Mark{Expires: signed(expires), Route: route}, err
}

func replayCursor(c replay.Cursor) string {
	t, keys := c.Moment.Time, c.Moment.Keys
	return token(inReplay, uint64(c.Kind), unsigned(t.Unix()), uint64(t.Nanosecond()), unsigned(keys[0]), unsigned(keys[1]))
}

func parseReplayCursor(field, s string) (c replay.Cursor, err error) {
	var kind, seconds, nanos uint64
	var keys [2]uint64
	if err := parseToken(inReplay, field, s, &kind, &seconds, &nanos, &keys[0], &keys[1]); err != nil || s == "" {
		return c, err
	}
	at := time.Unix(signed(seconds), int64(nanos%1e9))
	if !slices.Contains([]replay.Kind{replay.Note, replay.Feature, replay.Step}, replay.Kind(kind)) || kind > math.MaxUint8 ||
		nanos >= 1e9 || at.Year() < 1 || at.Year() > 9999 {
		return c, notGiven(field, s)
	}
	return replay.Cursor{Kind: replay.Kind(kind), Moment: store.Moment{Time: at, Keys: [2]int64{signed(keys[0]), signed(keys[1])}}}, nil
}

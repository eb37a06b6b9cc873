package note

import (
	"cmp"
	"fmt"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// schema: a note's key is its position, so notes are stored in their order; those of a place are found by note_place, the
// places of an area by place_box.
var schema = []string{`
	CREATE TABLE chat(id INTEGER PRIMARY KEY, token BLOB NOT NULL UNIQUE, name TEXT NOT NULL);
	CREATE TABLE place(id INTEGER PRIMARY KEY, lat INTEGER NOT NULL, lng INTEGER NOT NULL, UNIQUE(lat, lng));
	CREATE VIRTUAL TABLE place_box USING rtree_i32(id, south, north, west, east);
	CREATE TABLE note(position INTEGER PRIMARY KEY, place INTEGER NOT NULL, chat INTEGER NOT NULL, number INTEGER NOT NULL,
		time INTEGER NOT NULL, traveler TEXT NOT NULL, message TEXT NOT NULL);
	CREATE INDEX note_place ON note(place);
	CREATE UNIQUE INDEX note_chat ON note(chat, number);
	CREATE INDEX note_time ON note(time);`,
}

// written is the result of a note that was written.
type written struct {
	position uint64
	chat     string // the chat's public name
	again    bool   // it was stored before
}

func apply(tx *store.Tx, change *logv1.Change) (any, error) {
	switch kind := change.GetNote().GetKind().(type) {
	case *logv1.NoteChange_Written:
		return write(tx, kind.Written)
	default:
		return nil, fmt.Errorf("a change of notes of unknown kind %T", kind)
	}
}

// write stores a note unless it is stored already. It refuses before it writes anything.
func write(tx *store.Tx, n *logv1.NoteWritten) (any, error) {
	chat, name, next := int64(0), n.ChatId, uint32(0)
	known, err := tx.First(func(r store.Row) { chat, name = r.Int(0), r.Text(1) }, "SELECT id, name FROM chat WHERE token = ?", n.Chat)
	if err != nil {
		return nil, err
	}
	if known {
		if next, err = stored(tx, chat); err != nil {
			return nil, err
		}
	}
	if n.Number > next {
		return nil, ErrGap
	}
	if n.Number < next {
		return again(tx, chat, name, n)
	}
	place, err := placeAt(tx, geo.Point{Lat: n.Latitude, Lng: n.Longitude})
	if err != nil {
		return nil, err
	}
	if place != 0 && n.PlaceLimit > 0 {
		if full, err := tx.First(func(store.Row) {}, "SELECT 1 FROM note WHERE place = ? LIMIT 1 OFFSET ?", place, n.PlaceLimit-1); full || err != nil {
			return nil, cmp.Or(err, ErrPlaceFull)
		}
	}

	at := int64(tx.Position())
	if !known {
		chat = at
		if err := tx.Exec("INSERT INTO chat VALUES(?, ?, ?)", chat, n.Chat, n.ChatId); err != nil {
			return nil, err
		}
	}
	if place == 0 {
		place = at
		if err := tx.Exec("INSERT INTO place VALUES(?, ?, ?)", place, n.Latitude, n.Longitude); err != nil {
			return nil, err
		}
		if err := tx.Exec("INSERT INTO place_box VALUES(?, ?, ?, ?, ?)", place, n.Latitude, n.Latitude, n.Longitude, n.Longitude); err != nil {
			return nil, err
		}
	}
	err = tx.Exec("INSERT INTO note VALUES(?, ?, ?, ?, ?, ?, ?)", at, place, chat, n.Number, n.Time, n.Traveler, n.Message)
	return written{position: uint64(at), chat: name}, err
}

// stored returns how many notes of a chat are stored.
func stored(tx *store.Tx, chat int64) (n uint32, err error) {
	_, err = tx.First(func(r store.Row) { n = uint32(r.Int(0)) + 1 }, "SELECT number FROM note WHERE chat = ? ORDER BY number DESC LIMIT 1", chat)
	return n, err
}

// again finds a note that was sent before, and refuses it if what is stored differs.
func again(tx *store.Tx, chat int64, name string, n *logv1.NoteWritten) (any, error) {
	w, same := written{chat: name, again: true}, false
	_, err := tx.First(func(r store.Row) {
		w.position = uint64(r.Int(0))
		same = int32(r.Int(1)) == n.Latitude && int32(r.Int(2)) == n.Longitude && r.Text(3) == n.Message
	}, "SELECT n.position, p.lat, p.lng, n.message FROM note n JOIN place p ON p.id = n.place WHERE n.chat = ? AND n.number = ?", chat, n.Number)
	if err == nil && !same {
		err = ErrOther
	}
	return w, err
}

// placeAt returns the key of a place, or 0.
func placeAt(tx *store.Tx, p geo.Point) (id int64, err error) {
	_, err = tx.First(func(r store.Row) { id = r.Int(0) }, "SELECT id FROM place WHERE lat = ? AND lng = ?", p.Lat, p.Lng)
	return id, err
}

// noteOf returns the note that an event made, or false where it was stored before.
func noteOf(e store.Event) (Note, bool) {
	n, w := e.Change.GetNote().GetWritten(), e.Result.(written)
	return Note{
		Position: w.position, Chat: w.chat, Number: n.Number, Location: geo.Point{Lat: n.Latitude, Lng: n.Longitude},
		Message: n.Message, Traveler: n.Traveler, Time: time.Unix(0, n.Time),
	}, !w.again
}

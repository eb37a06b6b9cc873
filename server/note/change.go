package note

import (
	"bytes"
	"cmp"
	"fmt"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/geo"
	"routeguide/server/store"
)

// schema: a note's key is its position, so notes are stored in their order; those of a place are found by note_place, the
// places of an area by place_box. One that is deleted has the position of its deletion from then on, which is where those who
// go on from a cursor meet it.
var schema = []string{`
	CREATE TABLE chat(id INTEGER PRIMARY KEY, token BLOB NOT NULL UNIQUE, name TEXT NOT NULL);
	CREATE TABLE place(id INTEGER PRIMARY KEY, lat INTEGER NOT NULL, lng INTEGER NOT NULL, UNIQUE(lat, lng));
	CREATE VIRTUAL TABLE place_box USING rtree_i32(id, south, north, west, east);
	CREATE TABLE note(position INTEGER PRIMARY KEY, place INTEGER NOT NULL, chat INTEGER NOT NULL, number INTEGER NOT NULL,
		time INTEGER NOT NULL, traveler TEXT NOT NULL, message TEXT NOT NULL);
	CREATE INDEX note_place ON note(place);
	CREATE UNIQUE INDEX note_chat ON note(chat, number);
	CREATE INDEX note_time ON note(time);`, `
	ALTER TABLE note ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
	DROP INDEX note_place;
	CREATE INDEX note_place ON note(place, deleted);
	CREATE INDEX chat_name ON chat(name);`,
}

// apply returns the note as it is now, or nil where a change was made before.
func apply(tx *store.Tx, change *logv1.Change) (any, error) {
	switch kind := change.GetNote().GetKind().(type) {
	case *logv1.NoteChange_Written:
		return result(write(tx, kind.Written))
	case *logv1.NoteChange_Deleted:
		return result(remove(tx, kind.Deleted))
	default:
		return nil, fmt.Errorf("a change of notes of unknown kind %T", kind)
	}
}

func result(n *Note, err error) (any, error) { return n, err }

// write stores a note unless it is stored already. It refuses before it writes anything.
func write(tx *store.Tx, n *logv1.NoteWritten) (*Note, error) {
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
		return nil, again(tx, chat, n)
	}
	place, err := placeAt(tx, geo.Point{Lat: n.Latitude, Lng: n.Longitude})
	if err != nil {
		return nil, err
	}
	if place != 0 && n.PlaceLimit > 0 {
		if full, err := tx.First(func(store.Row) {}, "SELECT 1 FROM note WHERE place = ? AND deleted = 0 LIMIT 1 OFFSET ?", place, n.PlaceLimit-1); full || err != nil {
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
	return &Note{
		Position: tx.Position(), Chat: name, Number: n.Number, Location: geo.Point{Lat: n.Latitude, Lng: n.Longitude},
		Message: n.Message, Traveler: n.Traveler, Time: time.Unix(0, n.Time),
	}, tx.Exec("INSERT INTO note VALUES(?, ?, ?, ?, ?, ?, ?, 0)", at, place, chat, n.Number, n.Time, n.Traveler, n.Message)
}

// stored returns how many notes of a chat are stored.
func stored(tx *store.Tx, chat int64) (n uint32, err error) {
	_, err = tx.First(func(r store.Row) { n = uint32(r.Int(0)) + 1 }, "SELECT number FROM note WHERE chat = ? ORDER BY number DESC LIMIT 1", chat)
	return n, err
}

// again refuses a note that is stored already if what is stored differs; of one that was deleted nobody knows any more what
// it said.
func again(tx *store.Tx, chat int64, n *logv1.NoteWritten) error {
	same := false
	_, err := tx.First(func(r store.Row) {
		was := noteOf(r)
		same = was.Location == geo.Point{Lat: n.Latitude, Lng: n.Longitude} && (was.Deleted || was.Message == n.Message)
	}, columns+"WHERE n.chat = ? AND n.number = ?", chat, n.Number)
	if err == nil && !same {
		err = ErrOther
	}
	return err
}

// remove deletes a note unless it is deleted already. It refuses before it writes anything.
func remove(tx *store.Tx, d *logv1.NoteDeleted) (*Note, error) {
	chat, own := int64(0), false
	_, err := tx.First(func(r store.Row) { chat, own = r.Int(0), bytes.Equal(r.Blob(1), d.Chat) }, "SELECT id, token FROM chat WHERE name = ?", d.ChatId)
	if err != nil {
		return nil, err
	}
	var n Note
	known, err := tx.First(func(r store.Row) { n = noteOf(r) }, columns+"WHERE n.chat = ? AND n.number = ?", chat, d.Number)
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, ErrNone
	case !own:
		return nil, ErrNotOwn
	case n.Deleted:
		return nil, nil
	}
	was := n.Position
	n.Position, n.Message, n.Deleted = tx.Position(), "", true
	return &n, tx.Exec("UPDATE note SET position = ?, message = '', deleted = 1 WHERE position = ?", n.Position, was)
}

// placeAt returns the key of a place, or 0.
func placeAt(tx *store.Tx, p geo.Point) (id int64, err error) {
	_, err = tx.First(func(r store.Row) { id = r.Int(0) }, "SELECT id FROM place WHERE lat = ? AND lng = ?", p.Lat, p.Lng)
	return id, err
}

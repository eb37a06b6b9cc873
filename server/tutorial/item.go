package tutorial

import (
	"fmt"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/store"
)

// schema: an item's key is its position. contact_item_side has the tasks (kind 1) apart from the reports, each in order.
var schema = []string{`
	CREATE TABLE contact_item(position INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL, time INTEGER NOT NULL, text TEXT NOT NULL);
	CREATE INDEX contact_item_side ON contact_item(kind = 1);`,
}

const (
	selectItem = "SELECT position, kind, time, text FROM contact_item "
	selectPage = selectItem + "WHERE (kind = 1) = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?"
	// selectBefore skips the newest items of a side.
	selectBefore = "SELECT position FROM contact_item WHERE (kind = 1) = ? ORDER BY position DESC LIMIT 1 OFFSET ?"
)

func itemOf(r store.Row) item {
	return item{uint64(r.Int(0)), logv1.ContactKind(r.Int(1)), time.Unix(0, r.Int(2)), r.Text(3)}
}

func change(i *logv1.ContactItem) *logv1.Change {
	return &logv1.Change{Book: &logv1.Change_Contact{Contact: &logv1.ContactChange{Kind: &logv1.ContactChange_Item{Item: i}}}}
}

// apply stores an item, unless it is stored already, and returns it.
func apply(tx *store.Tx, change *logv1.Change) (any, error) {
	c := change.GetContact()
	i := c.GetItem()
	if i == nil {
		return nil, fmt.Errorf("a change of contact of unknown kind %T", c.GetKind())
	}
	var stored item
	if known, err := tx.First(func(r store.Row) { stored = itemOf(r) }, selectItem+"WHERE id = ?", i.Id); known || err != nil {
		return stored, err
	}
	err := tx.Exec("INSERT INTO contact_item VALUES(?, ?, ?, ?, ?)", tx.Position(), i.Id, int32(i.Kind), i.Time, i.Text)
	return item{tx.Position(), i.Kind, time.Unix(0, i.Time), i.Text}, err
}

// page implements store.Source for the items of a side.
func page(tx *store.Tx, s side, after, through uint64) (items []item, next uint64, err error) {
	for row, err := range tx.Query(selectPage, int(s), after, through, pageItems) {
		if err != nil {
			return nil, 0, err
		}
		items = append(items, itemOf(row))
	}
	if len(items) == pageItems {
		through = items[pageItems-1].position
	}
	return items, through, nil
}

// before returns the position before the newest so many items of a side, or 0 where there are no more.
func before(tx *store.Tx, s side, count int) (position uint64, err error) {
	_, err = tx.First(func(r store.Row) { position = uint64(r.Int(0)) }, selectBefore, int(s), count)
	return position, err
}

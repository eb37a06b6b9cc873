package store

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Headers of a record that was moved here from another store. Its ID is here because the server would take an ID that it
// is given twice for a retry, although the first may have been stored hours before.
const (
	movedTime = "Routeguide-Time"
	movedID   = "Routeguide-Id"
)

// label sets what a message's headers say.
func (r *Record) label(h nats.Header) {
	r.ID = strings.Clone(cmp.Or(h.Get(nats.MsgIdHdr), h.Get(movedID)))
	if moved := h.Get(movedTime); moved != "" {
		if t, err := time.Parse(time.RFC3339Nano, moved); err == nil {
			r.Time = t
		}
	}
}

// movedMessage is the message of a record from another store.
func movedMessage(rec Record, now time.Time) *nats.Msg {
	msg := &nats.Msg{Subject: rec.Subject, Data: rec.Data, Header: make(nats.Header, 6)}
	msg.Header[movedTime] = []string{rec.Time.UTC().Format(time.RFC3339Nano)}
	switch {
	case rec.ID == "":
	case now.Sub(rec.Time) < duplicates:
		msg.Header[nats.MsgIdHdr] = []string{rec.ID} // who wrote it may still try it again
	default:
		msg.Header[movedID] = []string{rec.ID}
	}
	return msg
}

// Metadata of a stream: what it is, which import it was filled by, and how many records were missing then.
const (
	kind         = "routeguide"
	kindLog      = "log"
	kindPart     = "part of an import"
	importedBy   = "routeguide-import"
	importedGaps = "routeguide-absent"
)

// absent returns how many of a log's sequences had no record when it was moved here.
func absent(metadata map[string]string) uint64 {
	n, _ := strconv.ParseUint(metadata[importedGaps], 10, 64)
	return n
}

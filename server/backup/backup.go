// Package backup writes all records of a store to a file and fills an empty store from one, so that they can be kept
// elsewhere and moved between a directory and a cluster. README describes the file.
package backup

import (
	"errors"

	"routeguide/server/store"
)

var (
	// ErrEmpty says that there is nothing to export: more likely the wrong directory than a store without logs.
	ErrEmpty = errors.New("there is no log in it")
	// ErrFile says that a file is not an export, or not the whole of it, or was changed.
	ErrFile = errors.New("not a sound export")
	// ErrLost says that an export has all records that there are, but that the store is known to have lost others.
	ErrLost = errors.New("the export is complete, but the store has lost records")
)

// Progress is told every so often, and in the end, of how many records something is done, as "exported", and of about how
// many it is to be done.
type Progress func(what string, done, total uint64)

// A Summary says what was exported or imported of a log.
type Summary struct {
	Log     string
	Records uint64
	// Missing is how many sequences between the first record and the last had none: they were too old to be kept, or lost.
	Missing uint64
}

// reportEvery is the number of records between two calls of a Progress.
const reportEvery = 1000

// A tally counts records.
type tally struct {
	logs     []store.Extent // in the order in which they come
	records  map[string]uint64
	done     uint64
	total    uint64
	progress func(done, total uint64)
}

func newTally(logs []store.Extent, what string, progress Progress) *tally {
	t := &tally{logs: logs, records: make(map[string]uint64)}
	t.progress = func(done, total uint64) { progress(what, done, total) }
	for _, e := range logs {
		t.records[e.Name] = 0
		t.total += e.Records
	}
	return t
}

func (t *tally) add(log string) {
	t.records[log]++
	if t.done++; t.done%reportEvery == 0 {
		t.progress(t.done, t.total)
	}
}

// end returns the summaries.
func (t *tally) end() (all []Summary) {
	t.progress(t.done, t.total)
	for _, e := range t.logs {
		n := t.records[e.Name]
		all = append(all, Summary{Log: e.Name, Records: n, Missing: e.Last + 1 - e.First - n})
	}
	return all
}

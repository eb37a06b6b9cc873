package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/nats-io/nats-server/v2/server/stree"
)

// An archive reads the records of a log from the files of the server in this process, and knows where each one is. The
// server itself takes 4 MiB into memory for a record, and keeps them for ten seconds, so that it needs gigabytes and a
// millisecond for each when many places are read.
//
// It takes 8 bytes of memory for a record and about 150 for a subject. It serves a log from which no record was ever
// removed: the files of such a one grow at their end and change nowhere else. Whoever reads brings it up to date before.
type archive struct {
	log    string
	dir    string
	starts func() uint64 // how often the server was started: a new one may cut off what was not acknowledged
	logger *slog.Logger

	mu       sync.RWMutex
	started  uint64 // starts at the last look
	trouble  error  // why it cannot be used until the next start
	input    *bufio.Reader
	records  paged
	subjects *stree.SubjectTree[chain]
	blocks   []block
}

// A place is where a record is, and the record of its subject before it.
type place struct{ offset, before uint32 }

// none is the index of no record.
const none = math.MaxUint32

// A chain is the records of a subject. Records go by their index, which is one less than their sequence.
type chain struct{ newest, count uint32 }

// A block is a file of the log.
type block struct {
	number int
	first  uint32 // index of its first record
	end    int64  // of the records that are known
}

func newArchive(log, dir string, starts func() uint64, logger *slog.Logger) *archive {
	a := &archive{
		log: log, dir: filepath.Join(dir, "msgs"), starts: starts, logger: logger, input: bufio.NewReaderSize(nil, windowBytes),
	}
	a.reset()
	return a
}

func (a *archive) reset() {
	a.started, a.trouble = a.starts(), nil
	a.records, a.subjects, a.blocks = paged{}, stree.NewSubjectTree[chain](), []block{{number: 1}}
}

// close ends its use.
func (a *archive) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble = ErrClosed
}

// update takes in what was written since. Every record up to the sequence through is known then, if there is one at all,
// and every one up to acked in any case. After an error the log must be read through the server.
func (a *archive) update(through, acked uint64) error {
	a.mu.RLock()
	current, trouble := a.current(through), a.trouble
	a.mu.RUnlock()
	if current {
		return trouble
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.current(through) { // by somebody who was here before
		return a.trouble
	}
	if a.started != a.starts() {
		a.reset()
	}
	err := a.scan()
	if err == nil && a.records.len < min(through, acked) {
		err = fmt.Errorf("%w: record %d is in none", errForeign, a.records.len+1)
	}
	if errors.Is(err, errForeign) {
		a.trouble = err
		a.logger.Warn("records are read through the server, which takes more memory", "log", a.log, "error", err)
	}
	return err
}

// current tells whether there is no use in looking at the files.
func (a *archive) current(through uint64) bool {
	return a.started == a.starts() && (a.trouble != nil || a.records.len >= through)
}

// scan goes through the blocks from where it ended the last time.
func (a *archive) scan() error {
	for {
		b := &a.blocks[len(a.blocks)-1]
		_, err := os.Stat(a.path(b.number + 1))
		last := errors.Is(err, fs.ErrNotExist)
		if err != nil && !last {
			return err
		}
		whole, err := a.scanBlock(b)
		switch {
		case err != nil || last:
			return err
		case !whole:
			return fmt.Errorf("%w: %s at %d", errForeign, a.path(b.number), b.end)
		}
		a.blocks = append(a.blocks, block{number: b.number + 1, first: uint32(a.records.len)})
	}
}

func (a *archive) path(block int) string { return filepath.Join(a.dir, strconv.Itoa(block)+".blk") }

// scanBlock takes in a block's records as far as they have been written, and tells whether that is all of the file.
func (a *archive) scanBlock(b *block) (whole bool, err error) {
	file, err := os.Open(a.path(b.number))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil // of an empty log
	} else if err != nil {
		return false, err
	}
	defer file.Close()
	hash := newBlockHash(a.log, b.number)
	a.input.Reset(io.NewSectionReader(file, b.end, math.MaxInt64-b.end))
	buf := make([]byte, blockHead, 4<<10)
	for {
		switch _, err := io.ReadFull(a.input, buf[:blockHead]); {
		case errors.Is(err, io.EOF):
			return true, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return false, nil
		case err != nil:
			return false, err
		}
		length := blockLength(buf)
		if length < blockHead || length > longestRecord {
			return false, nil // it is being written
		}
		buf = slices.Grow(buf[:blockHead], length-blockHead)[:length]
		switch _, err := io.ReadFull(a.input, buf[blockHead:]); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return false, nil
		case err != nil:
			return false, err
		}
		r, err := parseBlockRecord(buf, hash)
		if err != nil {
			return false, nil
		}
		if r.seq != a.records.len+1 || b.end+int64(r.length) > math.MaxUint32 {
			return false, fmt.Errorf("%w: %s at %d: sequence %d", errForeign, file.Name(), b.end, r.seq)
		}
		a.add(r.subject, uint32(b.end))
		b.end += int64(r.length)
	}
}

func (a *archive) add(subject []byte, offset uint32) {
	index := uint32(a.records.len)
	if c, ok := a.subjects.Find(subject); ok {
		a.records.add(place{offset: offset, before: c.newest})
		c.newest = index
		c.count++
		return
	}
	a.records.add(place{offset: offset, before: none})
	a.subjects.Insert(subject, chain{newest: index, count: 1})
}

// paged is a list of places that never moves what it has.
type paged struct {
	pages [][]place
	len   uint64
}

const placesOnPage = 1 << 16

func (p *paged) add(r place) {
	if p.len%placesOnPage == 0 {
		p.pages = append(p.pages, make([]place, 0, placesOnPage))
	}
	last := &p.pages[len(p.pages)-1]
	*last = append(*last, r)
	p.len++
}

func (p *paged) at(index uint32) place { return p.pages[index/placesOnPage][index%placesOnPage] }

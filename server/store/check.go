package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Check reads all of the store in a directory, whether another process has it open or not, and returns what is damaged, a
// sentence each. No file is changed. Progress is told how many pages of how many are read.
//
// Errors: those of a store that cannot be read at all.
func Check(ctx context.Context, o Options, progress func(done, total int64)) (damage []string, err error) {
	path := o.path()
	if err := present(o.Dir); err != nil {
		return nil, err
	}
	pages, err := damagedPages(ctx, path, progress)
	if err != nil {
		return nil, about(path, err)
	}
	var owners map[int64]string
	var wrong []string
	err = aside(o, func(tx *Tx) (err error) {
		owners, wrong, err = tx.checkTrees(ctx)
		return about(path, err)
	})
	for _, n := range pages {
		sentence := fmt.Sprintf("page %d of %s is damaged", n, path)
		if owner := owners[n]; owner != "" {
			sentence += "; it belongs to the " + owner
		}
		damage = append(damage, sentence)
	}
	if len(pages) == 0 { // otherwise that is why
		damage = wrong
	}
	if errors.Is(err, ErrDamaged) {
		if len(damage) == 0 {
			damage = []string{err.Error()}
		}
		err = nil
	}
	return damage, err
}

// damagedPages returns the numbers of the pages, from 1, whose checksum is wrong or that are not there.
func damagedPages(ctx context.Context, path string, progress func(done, total int64)) (damaged []int64, err error) {
	const locked = 1<<30/pageBytes + 1 // SQLite stores nothing in this page
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	total := info.Size() / pageBytes
	for n := int64(1); n <= total; n++ {
		whole, err := wholePage(ctx, f, n)
		if err != nil {
			return nil, err
		}
		if !whole && n != locked {
			damaged = append(damaged, n)
		}
		progress(n, total)
	}
	return damaged, nil
}

// wholePage tells whether a page has the checksum that it ends with. A page that somebody is writing has it in a moment.
func wholePage(ctx context.Context, r io.ReaderAt, n int64) (bool, error) {
	var page [pageBytes]byte
	for range 10 {
		if _, err := r.ReadAt(page[:], (n-1)*pageBytes); err != nil && err != io.EOF {
			return false, nil
		}
		rest, sum := page[:pageBytes-8], page[pageBytes-8:]
		is := checksum(binary.LittleEndian, [2]uint32{}, rest)
		if is[0] == binary.LittleEndian.Uint32(sum) && is[1] == binary.LittleEndian.Uint32(sum[4:]) && !empty(page[:]) {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false, nil
}

// checkTrees has SQLite read all tables and indexes, and returns which of them some of the pages that are damaged belong to,
// and what is wrong in sentences of SQLite.
func (tx *Tx) checkTrees(ctx context.Context) (owners map[int64]string, wrong []string, err error) {
	owners = make(map[int64]string)
	err = tx.view(ctx, func(tx *Tx) error {
		names := make(map[string]string)
		for row, err := range tx.Query("SELECT rootpage, type || ' ' || name FROM sqlite_schema WHERE rootpage > 0") {
			if err != nil {
				return err
			}
			names[row.Text(0)] = row.Text(1)
		}
		for row, err := range tx.Query("PRAGMA integrity_check(1000)") {
			if err != nil {
				return err
			}
			for line := range strings.Lines(row.Text(0)) {
				line = strings.TrimSpace(line)
				if line == "ok" || strings.HasPrefix(line, "***") {
					continue
				}
				if rest, ok := strings.CutPrefix(line, "Tree "); ok {
					root, rest, _ := strings.Cut(rest, " ")
					line = names[root] + ": " + rest
					for _, n := range pagesIn(rest) {
						owners[n] = names[root]
					}
				}
				wrong = append(wrong, line)
			}
		}
		return nil
	})
	return owners, wrong, err
}

// pagesIn returns the numbers that come after the word page.
func pagesIn(line string) (pages []int64) {
	words := strings.Fields(line)
	for i, word := range words {
		if n, err := strconv.ParseInt(strings.TrimRight(word, ":,"), 10, 64); err == nil && i > 0 && words[i-1] == "page" {
			pages = append(pages, n)
		}
	}
	return pages
}

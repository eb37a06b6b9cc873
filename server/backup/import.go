package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"routeguide/server/store"
)

// Import fills an empty store with the records of a file, under the sequences and times that they had, and in the end
// reads them back and compares. Until then nobody can use the store. An import that was interrupted goes on when it is run
// again with the same file.
//
// Errors: store.ErrNotEmpty, ErrFile; a file that does not allow to be read twice may turn out to be unsound after some of
// it was stored.
func Import(ctx context.Context, st *store.Store, r io.Reader, progress Progress) ([]Summary, error) {
	in, err := newReader(r, "imported", progress)
	if err != nil {
		return nil, err
	}
	restore, err := st.Restore(ctx, in.head.ID, in.logs)
	if err != nil {
		return nil, err
	}
	defer restore.Close()
	digests := make(map[string]hash.Hash)
	for _, e := range in.logs {
		digests[e.Name] = sha256.New()
	}
	for {
		log, rec, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if err := restore.Put(ctx, log, rec); errors.Is(err, store.ErrInvalid) {
			return nil, in.fault("%w", err)
		} else if err != nil {
			return nil, err
		}
		digest(digests[log], rec)
	}
	if err := restore.Settle(ctx); err != nil {
		return nil, err
	}
	if err := compare(ctx, st, in.logs, digests, progress); err != nil {
		return nil, err
	}
	if err := restore.Release(ctx); err != nil {
		return nil, err
	}
	return in.tally.end(), nil
}

// compare reads back what is stored.
func compare(ctx context.Context, st *store.Store, logs []store.Extent, digests map[string]hash.Hash, progress Progress) error {
	t := newTally(logs, "verified", progress)
	for _, e := range logs {
		stored := sha256.New()
		for rec, err := range st.Dump(ctx, e) {
			if err != nil {
				return err
			}
			digest(stored, rec)
			t.add(e.Name)
		}
		if !bytes.Equal(stored.Sum(nil), digests[e.Name].Sum(nil)) {
			return fmt.Errorf("log %s was read back and is not what the file says: empty the store and import again", e.Name)
		}
	}
	t.end()
	return nil
}

// digest adds all that a record says.
func digest(h hash.Hash, rec store.Record) {
	var b []byte
	b = binary.BigEndian.AppendUint64(b, rec.Seq)
	b = binary.BigEndian.AppendUint64(b, uint64(rec.Time.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(rec.Time.Nanosecond()))
	for _, s := range [][]byte{[]byte(rec.Subject), []byte(rec.ID), rec.Data} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	h.Write(b)
}

package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/minio/highwayhash"
	"github.com/nats-io/nats.go"
)

// The server keeps a log in block files 1.blk, 2.blk and so on. Each is a row of records, little-endian:
//
//	length(4) sequence(8) nanoseconds(8) subject length(2) subject [header length(4) header] data hash(8)
//
// The length is that of the whole record; its highest bit says that there is a header. The two highest bits of a sequence
// mark what is not a record but says that one was removed. The hash is HighwayHash-64 of sequence to data but for the
// lengths, under a key made of the names of log and block.
const (
	blockHead = 22
	blockHash = 8
	hasHeader = 1 << 31
	// longestRecord is more than any record takes.
	longestRecord = 2 * MaxData
)

var (
	// errCut says that a record is not what was once written, or has not been written to its end yet.
	errCut = errors.New("the record is cut off or damaged")
	// errForeign says that a log's files are not a plain row of all its records.
	errForeign = errors.New("the files are not as expected")
)

// A blockRecord is a record as it stands in a block. Its slices are parts of what it was parsed from.
type blockRecord struct {
	seq          uint64
	nanos        int64
	subject      []byte
	header, data []byte
	length       int
}

// blockLength returns the length of the record that begins with head, of which there are blockHead bytes.
func blockLength(head []byte) int { return int(binary.LittleEndian.Uint32(head) &^ hasHeader) }

// parseBlockRecord takes the record at the beginning of buf apart, and compares it with its hash.
func parseBlockRecord(buf []byte, hash *highwayhash.Digest64) (r blockRecord, err error) {
	if len(buf) < blockHead {
		return r, errCut
	}
	little := binary.LittleEndian
	r.length = blockLength(buf)
	r.seq, r.nanos = little.Uint64(buf[4:]), int64(little.Uint64(buf[12:]))
	subject, end := blockHead+int(little.Uint16(buf[20:])), r.length-blockHash
	if r.length > len(buf) || subject > end {
		return r, errCut
	}
	r.subject, r.data = buf[blockHead:subject], buf[subject:end]
	if little.Uint32(buf)&hasHeader != 0 {
		if len(r.data) < 4 || int64(little.Uint32(r.data)) > int64(len(r.data)-4) {
			return r, errCut
		}
		header := int(little.Uint32(r.data))
		r.header, r.data = r.data[4:4+header], r.data[4+header:]
	}
	hash.Reset()
	for _, part := range [][]byte{buf[4:20], r.subject, r.header, r.data} {
		_, _ = hash.Write(part) // never fails
	}
	if !bytes.Equal(hash.Sum(nil), buf[end:r.length]) {
		return r, errCut
	}
	return r, nil
}

// newBlockHash returns the hash of a block's records.
func newBlockHash(log string, number int) *highwayhash.Digest64 {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", log, number))
	hash, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		panic(err) // of a key that has the right length
	}
	return hash
}

// record returns what callers of the log see. It shares the data.
func (r blockRecord) record() (Record, error) {
	rec := Record{Seq: r.seq, Subject: string(r.subject), Time: time.Unix(0, r.nanos).UTC(), Data: r.data}
	if len(r.header) == 0 {
		return rec, nil
	}
	h, err := nats.DecodeHeadersMsg(r.header)
	rec.label(h)
	return rec, err
}

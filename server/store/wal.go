package store

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	walHeader   = 32
	frameHeader = 24
)

// checkLog refuses a write-ahead log in which a transaction is damaged that was stored, by what
// https://www.sqlite.org/fileformat.html#walformat says of it. SQLite drops the first frame with a wrong checksum and all
// after it, without a word: right for a transaction that a power cut tore, which can be the last one only, as each is on
// the disk before the next begins. So where a whole transaction follows, the frame was damaged later.
func checkLog(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	at, err := damagedFrame(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if at >= 0 {
		return fmt.Errorf("%w: %s is damaged after byte %d, and more was stored after that; restore a backup, or give up all that is in it "+
			"from there on with \"truncate -s %d %s\" and see with \"routeguide check\" whether the rest is whole", ErrDamaged, path, at, at, path)
	}
	return nil
}

// damagedFrame returns where the first frame begins that is damaged although a whole transaction comes after the one that
// it is part of, or -1.
func damagedFrame(r io.Reader) (at int64, err error) {
	var head [walHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return -1, ended(err)
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if head[3]&1 == 1 {
		order = binary.BigEndian
	}
	salts, stored := [8]byte(head[16:24]), storedSum(head[24:32])
	due := checksum(order, [2]uint32{}, head[:24])
	at = -1
	known := stored == due // else the salts are those of the first frame
	if !known {
		at = 0
	}
	over := false // the transaction with the damaged frame is over
	for n := int64(0); ; n++ {
		var frame [frameHeader + pageBytes]byte
		if _, err := io.ReadFull(r, frame[:]); err != nil {
			return -1, ended(err)
		}
		if !known {
			known, salts = true, [8]byte(frame[8:16])
		}
		commits := binary.BigEndian.Uint32(frame[4:8]) > 0
		ours := [8]byte(frame[8:16]) == salts
		// The checksum goes on from that of the frame before, which may be damaged itself.
		follows := func(sum [2]uint32) [2]uint32 {
			return checksum(order, checksum(order, sum, frame[:8]), frame[frameHeader:])
		}
		before := stored
		stored = storedSum(frame[16:24])
		right := stored == follows(before)
		if due = follows(due); stored == due {
			right = true
		}
		switch {
		case at < 0 && !(right && ours):
			at = walHeader + n*int64(len(frame))
			over = commits && (right || ours) // a checksum that is right says that only the salts are damaged
		case at >= 0 && !(over && right && ours):
			over = commits && ours
		case at >= 0 && commits:
			return at, nil
		}
	}
}

// ended returns nil for the end of a file, which may be anywhere.
func ended(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}

func storedSum(b []byte) [2]uint32 {
	return [2]uint32{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// checksum is that of SQLite over b, which comes after bytes whose checksum is sum.
func checksum(order binary.ByteOrder, sum [2]uint32, b []byte) [2]uint32 {
	for ; len(b) > 0; b = b[8:] {
		sum[0] += order.Uint32(b) + sum[1]
		sum[1] += order.Uint32(b[4:]) + sum[0]
	}
	return sum
}

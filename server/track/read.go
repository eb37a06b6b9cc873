package track

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"time"
)

// headBytes are enough to tell what kind of file it is.
const headBytes = 512

// Read yields the tracks of a file, each when it is complete. What kind of file it is shows in its first bytes: GPX 1.0 or 1.1
// (tracks and routes), GeoJSON (lines, with `coordTimes` or `times`), KML (lines and gx:Tracks), KMZ, FIT, or Takeout's
// Records.json, its months, Timeline.json or location-history.json. A break in a track makes two: a <trkseg>, another line, and in location
// history an hour without a point or midnight by the sun.
//
// Points without a time have that of the point before them; where no point of a track has one, they have those of a walk of
// 1 m/s that ends now. Extensions of others to GPX are left out.
//
// The sequence ends with an error when the file is broken: an *Error, or that of in. It is also broken when it has no track.
func Read(in io.Reader, now time.Time) iter.Seq2[*Track, error] {
	return func(yield func(*Track, error) bool) {
		b := &builder{now: now, yield: func(t *Track) bool { return yield(t, nil) }}
		if err := read(in, b); err != nil && err != errStopped {
			yield(nil, err)
		}
	}
}

func read(in io.Reader, b *builder) error {
	head := bufio.NewReaderSize(in, 64<<10)
	if mark, _ := head.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		_, _ = head.Discard(len(mark))
	}
	first, err := head.Peek(headBytes)
	if err != nil && err != io.EOF {
		return err
	}
	switch text := bytes.TrimSpace(first); {
	case len(first) >= 12 && string(first[8:12]) == ".FIT":
		err = readFIT(head, b)
	case IsArchive(first):
		err = readKMZ(head, b)
	case len(text) > 0 && text[0] == '<':
		err = readXML(head, b)
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		err = readJSON(head, b)
	case len(text) == 0:
		err = &Error{"line 1", "the file is empty"}
	default:
		err = &Error{"line 1", "this is not GPX, GeoJSON, KML, KMZ, FIT or location history of Google Takeout"}
	}
	if err == nil && !b.found {
		err = &Error{"line 1", "there is no track in the file"}
	}
	return err
}

// byteOrderMark is what some programs put in front of UTF-8.
const byteOrderMark = "\uFEFF"

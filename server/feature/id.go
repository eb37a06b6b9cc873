package feature

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"routeguide/server/geo"
)

// ids are written so that their order is that of what they are made of.
var ids = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// newID returns an identifier that nobody else has, greater than those made a millisecond before.
func newID(now time.Time) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(id[6:]) // never fails
	return ids.EncodeToString(id[:])
}

// contentID returns the identifier that every feature with the values of d has where it is imported.
func contentID(d Described) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %q %q %q %q", d.Location.Lat, d.Location.Lng, d.Name, d.Description, d.Category, d.WebAddress))
	return ids.EncodeToString(sum[:16])
}

// fileID returns the identifier of the feature of a file that is number n, from 1, of those at p: "407838351,-746143763", and
// "407838351,-746143763.2" for the second one.
func fileID(p geo.Point, n int) string {
	id := strconv.AppendInt(make([]byte, 0, 32), int64(p.Lat), 10)
	id = strconv.AppendInt(append(id, ','), int64(p.Lng), 10)
	if n > 1 {
		id = strconv.AppendInt(append(id, '.'), int64(n), 10)
	}
	return string(id)
}

// parseFileID is the reverse of fileID, and reports whether there was anything to reverse.
func parseFileID(id string) (p geo.Point, n int, ok bool) {
	lat, rest, _ := strings.Cut(id, ",")
	lng, number, several := strings.Cut(rest, ".")
	y, errLat := strconv.ParseInt(lat, 10, 32)
	x, errLng := strconv.ParseInt(lng, 10, 32)
	n = 1
	if several {
		n, _ = strconv.Atoi(number)
	}
	p = geo.Point{Lat: int32(y), Lng: int32(x)}
	return p, n, errLat == nil && errLng == nil && p.Valid() && fileID(p, n) == id
}

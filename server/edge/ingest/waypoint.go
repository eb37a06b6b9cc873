package ingest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	routeguidepb "routeguide/proto/routeguide"
	routeguidev1 "routeguide/proto/routeguide/v1"
)

// longestPlace is how many bytes the name of a place may have.
const longestPlace = 4096

// waypoint takes a place that the user keeps in OwnTracks into the report. It is a feature of the map from then on. The app
// knows it by when it was made (tst, or rid where there is none), and sends all of them again and again: the one of a user and
// such a time is always the same feature, which has the name and the location that were sent last; one that was deleted on the
// map comes back. Beacons, which have no location, are left out.
func (p *report) waypoint(user string, m owntracks) {
	id := m.Region
	if m.Time > 0 {
		id = strconv.FormatInt(int64(m.Time), 10)
	}
	name := strings.ToValidUTF8(m.Description, "�")
	if m.Latitude == nil || m.Longitude == nil || !onEarth(*m.Latitude, *m.Longitude) || id == "" || len(name) > longestPlace {
		p.leftOut++
		return
	}
	hash := sha256.Sum256(fmt.Appendf(nil, "%q %q", user, id))
	p.places = append(p.places, &routeguidev1.MapFeature{
		Id:       "owntracks-" + hex.EncodeToString(hash[:16]),
		Location: &routeguidepb.Point{Latitude: round(*m.Latitude * e7), Longitude: round(*m.Longitude * e7)},
		Name:     cmp.Or(name, "Waypoint"),
	})
}

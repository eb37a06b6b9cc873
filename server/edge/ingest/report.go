package ingest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	routeguidev1 "routeguide/proto/routeguide/v1"
)

// A report is what one device has measured.
type report struct {
	device   string
	traveler string // the name to show
	fixes    []*routeguidev1.Fix
	places   []*routeguidev1.MapFeature // that its user keeps
	leftOut  int                        // points that cannot be
}

// reports are those of a request, in the order in which their devices are named.
type reports struct {
	all    []report
	device map[string]int // where in all
}

// of returns the report of a device: its traveler is shown by the name that the app gives, or by that of the device.
func (rs *reports) of(kind, device, traveler string) *report {
	key := device + "\x00" + traveler
	i, known := rs.device[key]
	if !known {
		if rs.device == nil {
			rs.device = make(map[string]int)
		}
		i = len(rs.all)
		rs.device[key], rs.all = i, append(rs.all, named(kind, device, traveler))
	}
	return &rs.all[i]
}

const (
	latest        = 24 * time.Hour // that a phone's clock may be ahead of ours
	longestName   = 64             // characters, of a traveler
	longestDevice = 128            // bytes
)

// add takes a point into the report, unless it cannot be.
func (p *report) add(lat, lng float64, at time.Time, measured measured) {
	if !onEarth(lat, lng) || at.Unix() <= 0 || time.Until(at) > latest {
		p.leftOut++
		return
	}
	p.fixes = append(p.fixes, measured.fix(round(lat*e7), round(lng*e7), at))
}

const e7 = 1e7

func onEarth(lat, lng float64) bool { return lat >= -90 && lat <= 90 && lng >= -180 && lng <= 180 }

func named(kind, device, traveler string) report {
	traveler = cmp.Or(traveler, device)
	device = kind + "/" + strings.ToValidUTF8(cmp.Or(device, traveler), "�")
	if len(device) > longestDevice {
		hash := sha256.Sum256([]byte(device))
		device = kind + "/" + hex.EncodeToString(hash[:])
	}
	return report{device: device, traveler: shorten(traveler)}
}

// shorten cuts a name to the length that the contract allows.
func shorten(name string) string {
	runes := []rune(strings.ToValidUTF8(name, "�"))
	return string(runes[:min(len(runes), longestName)])
}

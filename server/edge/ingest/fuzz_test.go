package ingest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzRequest: whatever comes, no reader panics, and what it reports the contract allows.
func FuzzRequest(f *testing.F) {
	for name := range apps {
		f.Add(name, "", `{"_type":"location","lat":48.8,"lon":2.2,"tst":1700000000,"topic":"owntracks/a/b"}`)
		f.Add(name, "", `[{"_type":"location","lat":1e308,"lon":-1e308,"tst":1e18}]`)
		f.Add(name, "", `{"locations":[{"geometry":{"type":"Point","coordinates":[-122,37]},"properties":{"timestamp":"2015-10-01T08:00:00-0700","device_id":"x"}}]}`)
		f.Add(name, "", `{"location":{"timestamp":"2000-01-01T00:00:00.000Z","coords":{"latitude":0,"longitude":0}},"device_id":"1"}`)
		f.Add(name, "id=1&lat=1&lon=2&timestamp=1700000000&speed=1&hdop=3", "")
		f.Add(name, "location=1,2&id=1&time=2023-11-14T22:13:20Z", "alt=9e99")
	}
	f.Fuzz(func(t *testing.T, name, query, body string) {
		a, known := apps[name]
		if !known {
			return
		}
		r := httptest.NewRequest(http.MethodPost, prefix+name, strings.NewReader(body))
		r.URL.RawQuery = query
		reports, err := a.read(r, []byte(body))
		if err != nil {
			return
		}
		for _, one := range reports {
			if one.device == "" || len([]rune(one.traveler)) > 64 {
				t.Errorf("reported by %q as %q", one.device, one.traveler)
			}
			for _, fix := range one.fixes {
				at := fix.Location
				if max(at.Latitude, -at.Latitude) > 9e8 || max(at.Longitude, -at.Longitude) > 18e8 || fix.Time.CheckValid() != nil {
					t.Errorf("a point %v", fix)
				}
				if h := fix.Heading; h != nil && !(*h >= 0 && *h < 360) {
					t.Errorf("heading %v", *h)
				}
			}
		}
	})
}

package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// readOverland reads a batch of Overland, <https://github.com/aaronpk/Overland-iOS#api>: GeoJSON features in the order in
// which they were measured. The address may name the traveler, as /ingest/overland?user=Ada.
func readOverland(r *http.Request, body []byte) ([]report, error) {
	var in struct {
		Locations []struct {
			Geometry struct {
				Type        string
				Coordinates []float64
			}
			Properties struct {
				Timestamp string
				Device    string   `json:"device_id"`
				Altitude  *float64 `json:"altitude"`
				Speed     *float64 `json:"speed"`
				Course    *float64 `json:"course"`
				Accuracy  *float64 `json:"horizontal_accuracy"`
				Battery   *float64 `json:"battery_level"`
			}
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("the JSON cannot be read: %w", err)
	}
	user := r.URL.Query().Get("user")
	if name, _, ok := r.BasicAuth(); user == "" && ok {
		user = name
	}
	var reports reports
	for _, l := range in.Locations {
		p := l.Properties
		one := reports.of("overland", p.Device, user)
		if one.traveler == "" {
			return nil, errors.New("set a Device ID in the app's settings: nobody can tell who it is that moves")
		}
		at, err := parseTime(p.Timestamp)
		if err != nil || l.Geometry.Type != "Point" || len(l.Geometry.Coordinates) < 2 {
			one.leftOut++
			continue
		}
		c := l.Geometry.Coordinates
		one.add(c[1], c[0], at, measured{p.Altitude, p.Accuracy, p.Speed, p.Course, times(p.Battery, 100)})
	}
	return reports.all, nil
}

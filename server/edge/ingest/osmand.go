package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// readOsmAnd reads the protocol of OsmAnd's online tracking and of Traccar Client, <https://www.traccar.org/osmand/>.
// Traccar Client gives speeds in knots; OsmAnd, whose address has an hdop, in metres per second, and under that name the
// accuracy in metres. Traccar Client from version 9 on sends JSON.
func readOsmAnd(r *http.Request, body []byte) ([]report, error) {
	p, err := parametersOf(r, body)
	if err != nil {
		return nil, err
	}
	if p["location"] != "" && p["device_id"] != "" && isJSON(r, body) {
		return readTraccar(body)
	}
	unit := knots
	if p["hdop"] != "" {
		unit = 1
	}
	return p.report(r, unit)
}

func readTraccar(body []byte) ([]report, error) {
	var in struct {
		Device   string `json:"device_id"`
		Location struct {
			Timestamp string
			Coords    struct {
				Latitude, Longitude                *float64
				Accuracy, Speed, Heading, Altitude *float64
			}
			Battery struct{ Level *float64 }
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("the JSON cannot be read: %w", err)
	}
	c := in.Location.Coords
	if c.Latitude == nil || c.Longitude == nil {
		return nil, errors.New("location.coords.latitude and location.coords.longitude are required, in degrees")
	}
	at, err := parseTime(in.Location.Timestamp)
	if err != nil {
		return nil, fmt.Errorf("location: %w", err)
	}
	one := named("phone", in.Device, "")
	one.add(*c.Latitude, *c.Longitude, at, measured{c.Altitude, c.Accuracy, c.Speed, c.Heading, times(in.Location.Battery.Level, 100)})
	return []report{one}, nil
}

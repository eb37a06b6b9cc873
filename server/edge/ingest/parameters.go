package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// knots in metres per second: 1,852 metres an hour.
const knots = 1852.0 / 3600

// parameters are the values of a query, a form or a flat JSON object, by their names in lower case.
type parameters map[string]string

// parametersOf reads all three: people write the address that GPSLogger and OsmAnd call, and what is sent there.
func parametersOf(r *http.Request, body []byte) (parameters, error) {
	p := make(parameters)
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the query cannot be read: %w", err)
	}
	p.take(query)
	if len(bytes.TrimSpace(body)) == 0 {
		return p, nil
	}
	if isJSON(r, body) {
		return p, p.takeJSON(body)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("the form cannot be read: %w", err)
	}
	p.take(form)
	return p, nil
}

func isJSON(r *http.Request, body []byte) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/json" || bytes.HasPrefix(bytes.TrimSpace(body), []byte("{"))
}

func (p parameters) take(values url.Values) {
	for name, v := range values {
		p[strings.ToLower(name)] = v[0]
	}
}

func (p parameters) takeJSON(body []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return fmt.Errorf("the JSON cannot be read: %w", err)
	}
	for name, raw := range members {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		p[strings.ToLower(name)] = text
	}
	return nil
}

// text returns the first of the named values that is not empty.
func (p parameters) text(names ...string) string {
	for _, name := range names {
		if v := strings.TrimSpace(p[name]); v != "" && v != "null" {
			return v
		}
	}
	return ""
}

// number returns the first of the named values that is a number, or nil.
func (p parameters) number(names ...string) *float64 {
	for _, name := range names {
		if v, err := strconv.ParseFloat(strings.TrimSpace(p[name]), 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return &v
		}
	}
	return nil
}

// location returns where it was, as two values or as one with a comma between them.
func (p parameters) location() (lat, lng float64, err error) {
	north, east := p.number("lat", "latitude"), p.number("lon", "lng", "longitude")
	if north == nil && east == nil {
		first, second, _ := strings.Cut(p["location"], ",")
		pair := parameters{"lat": first, "lon": second}
		north, east = pair.number("lat"), pair.number("lon")
	}
	if north == nil || east == nil {
		return 0, 0, errors.New("lat and lon are required, in degrees")
	}
	return *north, *east, nil
}

// time returns when it was; now where nothing is said.
func (p parameters) time() (time.Time, error) {
	text := p.text("timestamp", "time", "tst")
	if text == "" {
		return time.Now(), nil
	}
	return parseTime(text)
}

// parseTime reads seconds or milliseconds since 1970, or ISO 8601.
func parseTime(text string) (time.Time, error) {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		if v >= 1e11 { // seconds of the year 5138
			v /= 1000
		}
		if !(v >= 0 && v < 1e11) {
			return time.Time{}, fmt.Errorf("timestamp %s is out of range", text)
		}
		return time.UnixMilli(int64(math.Round(v * 1000))), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("timestamp %q is neither seconds since 1970 nor ISO 8601", text)
}

// readParameters reads one point, in metres and metres per second, under the names that people give to values in the
// addresses of GPSLogger and PhoneTrack.
func readParameters(r *http.Request, body []byte) ([]report, error) { return readPoint(r, body, 1) }

func readPoint(r *http.Request, body []byte, speedUnit float64) ([]report, error) {
	p, err := parametersOf(r, body)
	if err != nil {
		return nil, err
	}
	return p.report(r, speedUnit)
}

func (p parameters) report(r *http.Request, speedUnit float64) ([]report, error) {
	lat, lng, err := p.location()
	if err != nil {
		return nil, err
	}
	at, err := p.time()
	if err != nil {
		return nil, err
	}
	user, _, _ := r.BasicAuth()
	one := named("phone", p.text("id", "deviceid", "device", "device_id", "aid", "ser"), p.text("user", "name", "u"))
	if one.traveler == "" {
		one = named("phone", user, user)
	}
	if one.traveler == "" {
		return nil, errors.New("id or user is required: who is it that moves?")
	}
	one.add(lat, lng, at, measured{
		elevation: p.number("altitude", "alt"),
		accuracy:  p.number("accuracy", "acc", "hdop"),
		speed:     times(p.number("speed", "spd", "s"), speedUnit),
		heading:   p.number("bearing", "heading", "dir", "course"),
		battery:   p.number("batt", "battery", "bat"),
	})
	return []report{one}, nil
}

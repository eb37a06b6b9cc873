package ingest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	routeguidev1 "routeguide/proto/routeguide/v1"
)

// kmh is a kilometre per hour in metres per second.
const kmh = 1 / 3.6

// owntracks is a message of OwnTracks, <https://owntracks.org/booklet/tech/json/>: those members of it that are used here.
type owntracks struct {
	Type      string   `json:"_type"`
	Topic     string   `json:"topic,omitempty"`
	Tracker   string   `json:"tid,omitempty"`
	Name      string   `json:"name,omitempty"`
	Latitude  *float64 `json:"lat,omitempty"`
	Longitude *float64 `json:"lon,omitempty"`
	Time      float64  `json:"tst,omitempty"`  // seconds since 1970
	Accuracy  *float64 `json:"acc,omitempty"`  // metres
	Altitude  *float64 `json:"alt,omitempty"`  // metres
	Speed     *float64 `json:"vel,omitempty"`  // km/h
	Course    *float64 `json:"cog,omitempty"`  // degrees
	Battery   *float64 `json:"batt,omitempty"` // percent

	Description string      `json:"desc,omitempty"`
	Region      string      `json:"rid,omitempty"`
	Waypoints   []owntracks `json:"waypoints,omitempty"`
}

// readOwnTracks reads what the app sends in its HTTP mode: one message, or an array of them. Who it is comes as the user of
// HTTP Basic authentication, as X-Limit-U and X-Limit-D, or in the address, ?u=…&d=…. Messages that are neither locations nor
// waypoints (steps, a last will) are taken and forgotten; so is the empty one that the app sends to forget a friend.
func readOwnTracks(r *http.Request, body []byte) ([]report, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, nil
	}
	var messages []owntracks
	if body[0] == '[' {
		if err := json.Unmarshal(body, &messages); err != nil {
			return nil, fmt.Errorf("the JSON cannot be read: %w", err)
		}
	} else {
		var one owntracks
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, fmt.Errorf("the JSON cannot be read: %w", err)
		}
		messages = append(messages, one)
	}
	account, _, _ := r.BasicAuth()
	query := r.URL.Query()
	user := cmp.Or(query.Get("u"), r.Header.Get("X-Limit-U"), account)
	device := cmp.Or(query.Get("d"), r.Header.Get("X-Limit-D"))
	var reports reports
	for _, m := range messages {
		if m.Type == "encrypted" {
			return nil, errors.New("the message is encrypted: remove the secret in the app's settings and use https instead")
		}
		if m.Type != "location" && m.Type != "waypoint" && m.Type != "waypoints" {
			continue
		}
		// owntracks/user/device
		topic := append(strings.Split(m.Topic, "/"), "", "", "")
		who, which := cmp.Or(user, topic[1], m.Tracker), cmp.Or(device, topic[2], m.Tracker)
		if who == "" && m.Type != "location" {
			continue // or the app would send it for ever
		}
		if who == "" {
			return nil, errors.New("set a user name or a tracker ID in the app's settings: nobody can tell who it is that moves")
		}
		one := reports.of("owntracks", who+"/"+which, who)
		switch {
		case m.Type == "waypoint":
			one.waypoint(who, m)
		case m.Type == "waypoints":
			for _, w := range m.Waypoints {
				one.waypoint(who, w)
			}
		case m.Latitude == nil || m.Longitude == nil || m.Time <= 0 || m.Time > 1e11:
			one.leftOut++
		default:
			one.add(*m.Latitude, *m.Longitude, time.UnixMilli(int64(m.Time*1000)),
				measured{m.Altitude, m.Accuracy, times(m.Speed, kmh), m.Course, m.Battery})
		}
	}
	return reports.all, nil
}

// friends is how many others a phone is told of.
const friends = 100

// answerOwnTracks tells the app where the others are, and their names, so that it shows them on its map.
func answerOwnTracks(d *door, w http.ResponseWriter, r *http.Request, route string) {
	messages := []owntracks{}
	// What was sent is stored, whether or not there is an answer to this.
	if others, err := d.travelers.ListTravelers(r.Context(), &routeguidev1.ListTravelersRequest{PageSize: friends}); err == nil {
		for _, t := range others.Travelers {
			if t.Route != route {
				messages = append(messages, friend(t)...)
			}
		}
	}
	data, err := json.Marshal(messages)
	if err != nil {
		d.refuse(w, err)
		return
	}
	answerJSON(w, string(data))
}

// friend is a traveler as the app knows others: by a card and a location with the same topic.
func friend(t *routeguidev1.Traveler) []owntracks {
	lat, lng := float64(t.Position.Location.Latitude)/1e7, float64(t.Position.Location.Longitude)/1e7
	p := t.Position
	topic := "owntracks/" + cmp.Or(strings.NewReplacer("/", "-", "+", "-", "#", "-").Replace(t.Name), "traveler") + "/" + t.Route
	return []owntracks{
		{Type: "card", Topic: topic, Tracker: initials(t), Name: cmp.Or(t.Name, "Traveler")},
		{
			Type: "location", Topic: topic, Tracker: initials(t), Latitude: &lat, Longitude: &lng,
			Time: float64(p.Time.AsTime().Unix()), Accuracy: whole(p.Accuracy), Altitude: whole(p.Elevation),
			Speed: whole(times(p.Speed, 1/kmh)), Course: whole(p.Heading), Battery: whole(p.Battery),
		},
	}
}

// whole is v without its fraction: the app takes whole numbers only.
func whole(v *float64) *float64 {
	if v == nil {
		return nil
	}
	w := float64(round(*v))
	return &w
}

// initials are the two characters that the app shows for a friend.
func initials(t *routeguidev1.Traveler) string {
	letters := make([]rune, 0, 2)
	for _, word := range strings.FieldsFunc(t.Name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		letters = append(letters, unicode.ToUpper([]rune(word)[0]))
	}
	switch {
	case len(letters) == 1:
		name := []rune(t.Name)
		return strings.ToUpper(string(name[:min(2, len(name))]))
	case len(letters) == 0:
		return strings.ToUpper(t.Route[:min(2, len(t.Route))])
	}
	return string(letters[:2])
}

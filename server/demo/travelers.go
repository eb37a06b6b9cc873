package demo

import (
	"time"

	"routeguide/server/geo"
)

// A traveler is somebody whom the demo simulates.
type traveler struct {
	name  string
	speed float64       // metres per second
	every time.Duration // from one point to the next
	way   []geo.Point
	says  []string
}

const (
	walker = 1.4
	bus    = 14
	boat   = 5
)

// travelers begin and end their ways at built-in features; the boat keeps to the water in between.
var travelers = []traveler{
	{"Mira", walker, 2 * time.Second, []geo.Point{
		{Lat: 409146138, Lng: -746188906}, // Berkshire Valley Management Area Trail
		{Lat: 409319800, Lng: -746201391}, // Mount Arlington
	}, []string{
		"The path is dry as far as the brook.",
		"Ripe raspberries on the left!",
		"Somebody has mended the little bridge.",
		"Two deer just crossed here.",
	}},
	{"Tomás", walker, 2 * time.Second, []geo.Point{
		{Lat: 406523420, Lng: -742135517}, // Garden Street, Elizabeth
		{Lat: 406685311, Lng: -742108603}, // Jefferson Avenue, Elizabeth
	}, []string{
		"A good bakery at this corner.",
		"I am early. Waiting under the big tree.",
		"The market is on today, walk around it.",
	}},
	{"Aiko", walker, 2 * time.Second, []geo.Point{
		{Lat: 404226644, Lng: -740517141}, // Leonardo
		{Lat: 404310607, Lng: -740282632}, // Atlantic Highlands
	}, []string{
		"You can see the city from here.",
		"Low tide, and a heron at the shore.",
		"The bench here has the best view.",
	}},
	{"Bus 48", bus, time.Second, []geo.Point{
		{Lat: 407586880, Lng: -741670168}, // Newark
		{Lat: 406685311, Lng: -742108603}, // Elizabeth
		{Lat: 406109563, Lng: -742186778}, // Linden
		{Lat: 405957808, Lng: -743255336}, // Colonia
		{Lat: 404839914, Lng: -744759616}, // New Brunswick
	}, []string{
		"On time, and many seats are free.",
		"Roadworks: three minutes late.",
		"On time again.",
	}},
	{"Ferry Heron", boat, 2 * time.Second, []geo.Point{
		{Lat: 404318328, Lng: -740835638}, // Belford
		{Lat: 404420000, Lng: -740830000},
		{Lat: 404750000, Lng: -740500000}, // Sandy Hook Bay
		{Lat: 405600000, Lng: -740480000},
		{Lat: 406066000, Lng: -740447000}, // the Narrows
		{Lat: 406450000, Lng: -740580000},
		{Lat: 406480000, Lng: -740800000}, // Kill Van Kull
		{Lat: 406425000, Lng: -741150000},
		{Lat: 406418000, Lng: -741420000},
		{Lat: 406440000, Lng: -741650000},
		{Lat: 406411633, Lng: -741722051}, // Richmond Terrace, Staten Island
	}, []string{
		"Calm water, light wind from the south.",
		"We let a freighter pass.",
		"A seal, on the left!",
	}},
}

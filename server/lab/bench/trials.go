package main

import (
	"strings"

	"routeguide/server/geo"
)

var (
	ours        = program{}
	oursSharing = []program{{sharing: 1}, {sharing: 2}}
	oursLarge   = program{large: true}
	theirs      = program{official: true}
	theirsLarge = program{official: true, large: true}
)

const callers = 4 // at a time, each over a connection of its own, where nothing else is said

// trials returns everything that is measured, in the table's order.
func trials() []trial {
	classic := classicPoints()
	world := listFeatures(geo.Point{Lat: -geo.MaxLat, Lng: -geo.MaxLng}, geo.Point{Lat: geo.MaxLat, Lng: geo.MaxLng}, len(classic))
	all := []trial{
		sideBySide("GetFeature, 100 features", getFeature(classic), ours, theirs),
		sideBySide("GetFeature, 1,000,000 features", getFeature(gridPoints()), oursLarge, theirsLarge),
		sideBySide("ListFeatures, all of 100", world, ours, theirs),
		sideBySide("ListFeatures, 1 of 1,000,000", listGrid(1), oursLarge, theirsLarge),
		sideBySide("ListFeatures, 100 of 1,000,000", listGrid(10), oursLarge, theirsLarge),
		throughDoors("GetFeature through each door", getFeature(classic), ours),
		throughDoors("ListFeatures, 10,000 of 1,000,000, through each door", listGrid(100), oursLarge),
	}
	for _, callers := range []int{1, callers, 64} {
		all = append(all, relayed(inGo, 1, callers), relayed(inGo, 100, callers))
	}
	all = append(all, relayed(inGo, 10_000, callers), relayed(inPython, 1, callers), relayed(inPython, 100, callers))
	for _, streams := range []int{1, 64, 1024} {
		all = append(all, durable("RouteChat", "notes", notesAPlace, streams, throughChat(routeGuideReplies), throughChat(officialReplies)))
	}
	for _, streams := range []int{1, 64} {
		recorder := throughRecorder(classic)
		all = append(all, durable("RecordRoute", "points", routePoints, streams, recorder, recorder))
	}
	return append(all,
		alone{"SearchFeatures in 1,000,000", "native gRPC, 1 caller", "calls", 1, 1, oursLarge, throughNative(searches())},
		alone{"NearestFeatures in 1,000,000", "native gRPC, 1 caller", "calls", 1, 1, oursLarge, throughNative(nearests())},
		tiles{},
		alone{whole(devices) + " devices report " + whole(reportPoints) + " points at a time", "native gRPC", "points", reportPoints, reporters, ours, phones(reports)},
		alone{whole(devices) + " devices report a point at a time", "/ingest/owntracks", "points", 1, reporters, ours, phones(locations)},
		moving{},
		takeout{},
		fanOut{"in one process", ours, ours},
		fanOut{"across two on a cluster", oursSharing[0], oursSharing[1]},
		crowd{},
		startUp{})
}

// listGrid lists side by side features out of the million.
func listGrid(side int) work {
	lo, hi := gridRect(side)
	return listFeatures(lo, hi, side*side)
}

// sideBySide compares native gRPC of RouteGuide and of the official server.
func sideBySide(title string, w work, our, their program) trial {
	return comparison{title: title, unit: "calls", units: 1, callers: callers, sides: []side{
		{"official server", []program{their}, throughNative(w)},
		{"native gRPC", []program{our}, throughNative(w)},
	}}
}

// throughDoors compares the other doors of RouteGuide with its native one.
func throughDoors(title string, w work, p program) trial {
	return comparison{title: title, unit: "calls", units: 1, callers: callers, sides: []side{
		{"native gRPC", []program{p}, throughNative(w)},
		{"gRPC-Web", []program{p}, throughWeb(w)},
		{"WebSocket, one a call", []program{p}, throughSocket(w)},
		{"REST", []program{p}, throughREST(w)},
	}}
}

// relayed compares calls of another server through RouteGuide with the same calls straight. With one caller it is the way
// that is measured: each process sleeps until the one before it has answered. With many it is the work.
func relayed(in language, answers, callers int) trial {
	what, bar, w := "a call", "0.3", fromSource(answers)
	if w.stream {
		what, bar = "a stream of "+whole(answers)+" messages", "0.35"
	}
	title := "Relayed to " + string(in) + ": " + what + ", " + whole(callers) + " callers"
	if callers == 1 {
		title = strings.TrimSuffix(title, "s")
	}
	if in == inGo { // which does nothing but answer: no upstream is harder to keep up with
		title += "; should be " + bar + " or more"
	}
	return comparison{title: title, unit: "calls", units: 1, callers: callers, sides: []side{
		{"the upstream itself", []program{{source: in}}, throughNative(w)},
		{"through -upstream", []program{{source: in, relaying: true}}, throughNative(w)},
	}}
}

// durable measures what RouteGuide stores before it answers, and the official server keeps in memory.
func durable(method, unit string, units, streams int, our, their door) trial {
	title := method + ", 1 stream"
	if streams > 1 {
		title = method + ", " + whole(streams) + " streams"
	}
	return comparison{title: title, unit: unit, units: units, callers: streams, aside: true, sides: []side{
		{"official server, in memory, not durable", []program{theirs}, their},
		{"native gRPC", []program{ours}, our},
		{"native gRPC, two on a cluster", oursSharing, our},
	}}
}

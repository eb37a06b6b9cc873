package doors

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	routeguidev1 "routeguide/proto/routeguide/v1"
)

// post sends what an app sends and returns the answer.
func post(t *testing.T, p *program, method, path, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.base()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http1.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

// tracks returns the points of each route of a traveler, the first route first.
func tracks(t *testing.T, p *program, traveler string) (all [][]*routeguidev1.Fix) {
	t.Helper()
	routes := routeguidev1.NewRouteServiceClient(p.conn())
	list, err := routes.ListRoutes(t.Context(), &routeguidev1.ListRoutesRequest{Traveler: traveler, PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list.Routes)
	for _, r := range list.Routes {
		stream, err := routes.ReadTrack(t.Context(), &routeguidev1.ReadTrackRequest{Route: r.Id})
		if err != nil {
			t.Fatal(err)
		}
		var fixes []*routeguidev1.Fix
		for {
			some, err := stream.Recv()
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			fixes = append(fixes, some.Fixes...)
		}
		if int(r.PointCount) != len(fixes) {
			t.Errorf("route %s says %d points and has %d", r.Id, r.PointCount, len(fixes))
		}
		all = append(all, fixes)
	}
	return all
}

// What apps send, as their documentation and sources have it: each is answered as the app wants, twice sent is once stored,
// and what was measured arrives in the units of the contract.
func TestPhones(t *testing.T) {
	p := start(t)
	const (
		form = "Content-Type: application/x-www-form-urlencoded"
		js   = "Content-Type: application/json"
	)
	basic := func(user string) string {
		req, _ := http.NewRequest(http.MethodGet, "/", nil)
		req.SetBasicAuth(user, "secret")
		return "Authorization: " + req.Header.Get("Authorization")
	}
	for _, c := range []struct {
		name         string
		method, path string
		header       []string
		body         string
		traveler     string
		want, answer string
	}{
		{
			"OwnTracks on iOS", "POST", "/ingest/owntracks", []string{js, basic("jane")},
			`{"_type":"location","acc":12,"alt":156,"batt":81,"bs":1,"cog":271,"conn":"m","lat":48.858330,"lon":2.295130,"m":1,"t":"t","tid":"JJ","topic":"owntracks/jane/phone","tst":1700000000,"vac":3,"vel":54}`,
			"jane", "48.8583300 2.2951300 22:13:20 alt 156 acc 12 spd 15 dir 271 bat 81", "[]",
		},
		{
			"OwnTracks on Android", "POST", "/ingest/owntracks", []string{js, "X-Limit-U: ben", "X-Limit-D: pixel"},
			`{"_type":"location","BSSID":"aa:bb:cc:dd:ee:ff","SSID":"home","_id":"f4c9a2e1","acc":9,"alt":12,"batt":43,"bs":2,"conn":"w","created_at":1700000004,"lat":52.5163,"lon":13.3777,"m":2,"source":"fused","t":"u","tid":"be","topic":"owntracks/ben/pixel","tst":1700000000,"vac":1,"vel":0}`,
			"ben", "52.5163000 13.3777000 22:13:20 alt 12 acc 9 spd 0 bat 43", "[]",
		},
		{
			"OwnTracks with the names in the address", "POST", "/ingest/owntracks?u=cleo&d=watch", []string{js},
			`{"_type":"location","lat":-33.8568,"lon":151.2153,"tst":1700000000}`,
			"cleo", "-33.8568000 151.2153000 22:13:20", "]",
		},
		{
			"Overland", "POST", "/ingest/overland", []string{js, "Authorization: Bearer 1234"},
			`{"locations":[{"type":"Feature","geometry":{"type":"Point","coordinates":[-122.030581,37.331800]},"properties":{"timestamp":"2023-11-14T14:13:20-0800","altitude":80,"speed":4,"horizontal_accuracy":30,"vertical_accuracy":-1,"course":-1,"motion":["driving","stationary"],"pauses":false,"activity":"other_navigation","desired_accuracy":100,"deferred":1000,"significant_change":"disabled","locations_in_payload":1,"battery_state":"charging","battery_level":0.89,"device_id":"dora","wifi":""}}]}`,
			"dora", "37.3318000 -122.0305810 22:13:20 alt 80 acc 30 spd 4 bat 89", `{"result":"ok"}`,
		},
		{
			"Traccar Client 9", "POST", "/ingest/osmand", []string{js},
			`{"location":{"timestamp":"2023-11-14T22:13:20.500Z","coords":{"latitude":59.9139,"longitude":10.7522,"accuracy":4.5,"speed":1.5,"heading":90.5,"altitude":23.4},"is_moving":true,"odometer":1234.5,"event":"motionchange","battery":{"level":0.75,"is_charging":false},"activity":{"type":"walking"},"extras":{}},"device_id":"48241179"}`,
			"48241179", "59.9139000 10.7522000 22:13:20.5 alt 23.4 acc 4.5 spd 1.5 dir 90.5 bat 75", "ok",
		},
		{
			"Traccar Client 8", "POST", "/ingest/osmand?id=331224&timestamp=1700000000&lat=60.17&lon=24.94&speed=19.438444924&bearing=180.0&altitude=7.0&accuracy=8.0&batt=55.0", nil, "",
			"331224", "60.1700000 24.9400000 22:13:20 alt 7 acc 8 spd 10 dir 180 bat 55", "ok",
		},
		{
			"OsmAnd", "GET", "/ingest/osmand?id=erik&lat=46.94797&lon=7.44745&timestamp=1700000000123&hdop=6.0&altitude=540.2&speed=2.5&bearing=12.0", nil, "",
			"erik", "46.9479700 7.4474500 22:13:20.123 alt 540.2 acc 6 spd 2.5 dir 12", "ok",
		},
		{
			"GPSLogger", "GET", "/ingest/gpslogger?user=fay&lat=35.6586&lon=139.7454&time=2023-11-14T22:13:20.000Z&alt=41.0&acc=5.0&spd=0.75&dir=45.0&batt=66.0&sat=14&prov=gps&desc=", nil, "",
			"fay", "35.6586000 139.7454000 22:13:20 alt 41 acc 5 spd 0.75 dir 45 bat 66", "ok",
		},
		{
			"GPSLogger with a body", "POST", "/ingest/gpslogger?user=gus", []string{js},
			`{"lat":35.0116,"lon":135.7681,"timestamp":"1700000000","alt":"50.0","spd":"1.0","acc":"7.0"}`,
			"gus", "35.0116000 135.7681000 22:13:20 alt 50 acc 7 spd 1", "ok",
		},
		{
			"PhoneTrack", "POST", "/ingest/phonetrack", []string{form},
			"user=hana&lat=43.2965&lon=5.3698&alt=8.0&acc=15.0&bat=31.0&sat=9&speed=3.25&bearing=300.0&timestamp=1700000000",
			"hana", "43.2965000 5.3698000 22:13:20 alt 8 acc 15 spd 3.25 dir 300 bat 31", "ok",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 {
				if code, answer := post(t, p, c.method, c.path, c.body, c.header...); code != http.StatusOK || !strings.Contains(answer, c.answer) {
					t.Fatalf("answered %d %s", code, answer)
				}
			}
			all := tracks(t, p, c.traveler)
			if len(all) != 1 || len(all[0]) != 1 {
				t.Fatalf("stored as %v", all)
			}
			if got := show(all[0][0]); got != c.want {
				t.Errorf("stored %s\nwant   %s", got, c.want)
			}
		})
	}
}

// show is a point in degrees, with what was measured.
func show(f *routeguidev1.Fix) string {
	s := fmt.Sprintf("%.7f %.7f %s", float64(f.Location.Latitude)/1e7, float64(f.Location.Longitude)/1e7, f.Time.AsTime().Format("15:04:05.999"))
	for _, m := range []struct {
		name  string
		value *float64
	}{{"alt", f.Elevation}, {"acc", f.Accuracy}, {"spd", f.Speed}, {"dir", f.Heading}, {"bat", f.Battery}} {
		if m.value != nil {
			s += fmt.Sprintf(" %s %v", m.name, *m.value)
		}
	}
	return s
}

// OwnTracks is answered where the others are and what they are called, and not where it is itself.
func TestPhonesSeeEachOther(t *testing.T) {
	p := start(t)
	send := func(user string, lat float64) (answer string) {
		body := fmt.Sprintf(`{"_type":"location","lat":%v,"lon":-74.5,"tst":%d,"vel":36,"batt":50}`, lat, time.Now().Unix())
		code, answer := post(t, p, http.MethodPost, "/ingest/owntracks?u="+user+"&d=phone", body)
		if code != http.StatusOK {
			t.Fatalf("%d %s", code, answer)
		}
		return answer
	}
	if alone := send("Ada", 40.5); strings.TrimSpace(alone) != "[]" {
		t.Errorf("alone: %s", alone)
	}
	var friends []map[string]any
	if err := json.Unmarshal([]byte(send("Ben", 40.6)), &friends); err != nil {
		t.Fatal(err)
	}
	if len(friends) != 2 || friends[0]["_type"] != "card" || friends[0]["name"] != "Ada" || friends[0]["tid"] != "AD" ||
		friends[1]["_type"] != "location" || friends[1]["lat"] != 40.5 || friends[1]["lon"] != -74.5 || friends[1]["vel"] != 36.0 ||
		friends[1]["batt"] != 50.0 || friends[1]["topic"] != friends[0]["topic"] {
		t.Errorf("friends: %v", friends)
	}
}

// A waypoint of OwnTracks is one feature, however often the app sends it, as it was sent last.
func TestWaypoints(t *testing.T) {
	p := start(t)
	send := func(user, body string) {
		t.Helper()
		if code, answer := post(t, p, http.MethodPost, "/ingest/owntracks?u="+user+"&d=phone", body); code != http.StatusOK {
			t.Fatalf("%d %s", code, answer)
		}
	}
	v := visitor{t, p, doors[0]}
	area := &routeguidev1.Bounds{Southwest: pb(0, -1799999990), Northeast: pb(9e8, -1700000000)}
	expect := func(want ...string) {
		t.Helper()
		got := v.names(area, nil)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("there are %q, want %q", got, want)
		}
	}
	home := `{"_type":"waypoint","desc":"Home","lat":52.5,"lon":-175.25,"rad":100,"tst":1700000000,"rid":"a1"}`
	send("ada", home)
	send("ada", home)
	expect("Home")
	send("ada", `{"_type":"waypoints","_creator":"OwnTracks","waypoints":[
		{"_type":"waypoint","desc":"New home","lat":52.6,"lon":-175.25,"rad":50,"tst":1700000000},
		{"_type":"waypoint","desc":"Work","lat":52.5,"lon":-175.3,"tst":1700000001},
		{"_type":"waypoint","desc":"beacon:UUID:1:2","tst":1700000002}]}`)
	expect("New home", "Work")
	send("ben", home)
	expect("Home", "New home", "Work")
	near := new(routeguidev1.NearestFeaturesResponse)
	if err := v.unary(nearestFeatures, &routeguidev1.NearestFeaturesRequest{Point: pb(526000000, -1752500000), Limit: 1}, near); err != nil || near.Neighbors[0].Feature.Name != "New home" || near.Neighbors[0].Distance != 0 {
		t.Fatalf("nearest is %v, %v", near, err)
	}
	if err := v.remove(near.Neighbors[0].Feature.Id); err != nil {
		t.Fatal(err)
	}
	expect("Home", "Work")
	send("ada", home)
	expect("Home", "Home", "Work")
}

// An app that sends what cannot be is told so, or is rid of it, and nobody else notices.
func TestPhonesThatAreWrong(t *testing.T) {
	p := start(t)
	for _, c := range []struct {
		path, body string
		code       int
		says       string
	}{
		{"/ingest/nothing", "{}", http.StatusNotFound, "/ingest/owntracks"},
		{"/ingest/owntracks", "{", http.StatusBadRequest, "JSON"},
		{"/ingest/owntracks", `{"_type":"location","lat":1,"lon":2,"tst":1700000000}`, http.StatusBadRequest, "user name"},
		{"/ingest/owntracks", `{"_type":"encrypted","data":"AAAA"}`, http.StatusBadRequest, "encrypted"},
		{"/ingest/owntracks", "", http.StatusOK, "[]"},
		{"/ingest/owntracks?u=a", `{"_type":"waypoint","desc":"Home","lat":1,"lon":2,"rad":100,"tst":1}`, http.StatusOK, "[]"},
		{"/ingest/owntracks?u=a", `{"_type":"location","lat":91,"lon":2,"tst":1700000000}`, http.StatusOK, "[]"},
		{"/ingest/overland", `{"locations":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"timestamp":"2023-11-14T22:13:20Z","device_id":""}}]}`, http.StatusBadRequest, "Device ID"},
		{"/ingest/overland", `{"locations":[{"type":"Feature","geometry":{"type":"Point","coordinates":[]},"properties":{"timestamp":"no","device_id":"x"}}]}`, http.StatusOK, "ok"},
		{"/ingest/osmand?id=1&lat=1", "", http.StatusBadRequest, "lat and lon"},
		{"/ingest/osmand?lat=1&lon=1", "", http.StatusBadRequest, "id or user"},
		{"/ingest/osmand?id=1&lat=1&lon=1&timestamp=x", "", http.StatusBadRequest, "timestamp"},
		{"/ingest/gpslogger?user=a&lat=NaN&lon=1", "", http.StatusBadRequest, "lat and lon"},
		{"/ingest/gpslogger?user=a&%zz", "", http.StatusBadRequest, "query"},
		{"/ingest/overland", `{"locations":[` + strings.Repeat(" ", 5<<20) + `]}`, http.StatusTooManyRequests, "longer"},
	} {
		if code, answer := post(t, p, http.MethodPost, c.path, c.body); code != c.code || !strings.Contains(answer, c.says) {
			t.Errorf("%s %.60s: %d %s", c.path, c.body, code, answer)
		}
	}
	if code, _ := post(t, p, http.MethodPut, "/ingest/osmand", ""); code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", code)
	}
}

// A phone's day of 5,000 points comes in batches out of order, some twice, some late: the routes are those of the same day
// that came in order, point by point.
func TestPhoneDayOutOfOrder(t *testing.T) {
	p := start(t)
	day := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	random := rand.New(rand.NewPCG(1, 2))
	var points []map[string]any
	at, lat, lng := day, 48.0, 11.0
	for i := range 5000 {
		at = at.Add(time.Duration(5+random.IntN(15)) * time.Second)
		switch {
		case i == 1200 || i == 3100: // the phone was off
			at = at.Add(2 * time.Hour)
		case i >= 2000 && i < 2400: // lunch: it stays where it is
			lat, lng = lat+1e-6*float64(random.IntN(3)-1), lng+1e-6*float64(random.IntN(3)-1)
		default:
			lat, lng = lat+0.0002, lng+0.0001*float64(random.IntN(3)-1)
		}
		points = append(points, map[string]any{"_type": "location", "lat": lat, "lon": lng, "tst": at.Unix()})
	}
	send := func(user string, batch []map[string]any) {
		body, err := json.Marshal(batch)
		if err != nil {
			t.Fatal(err)
		}
		if code, answer := post(t, p, http.MethodPost, "/ingest/owntracks?u="+user+"&d=phone", string(body)); code != http.StatusOK {
			t.Fatalf("%d %s", code, answer)
		}
	}
	for batch := range slices.Chunk(points, 50) {
		send("orderly", batch)
	}
	batches := slices.Collect(slices.Chunk(points, 37))
	random.Shuffle(len(batches), func(i, j int) {
		if random.IntN(3) == 0 { // most come in order
			batches[i], batches[j] = batches[j], batches[i]
		}
	})
	for i, batch := range batches {
		batch = slices.Clone(batch)
		if i%4 == 0 {
			random.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
		}
		send("hasty", batch)
		if i%5 == 0 {
			send("hasty", batches[random.IntN(i+1)])
		}
	}
	want, got := tracks(t, p, "orderly"), tracks(t, p, "hasty")
	if len(want) != 4 {
		t.Errorf("the day is %d routes, want 4: parted by two pauses and a rest", len(want))
	}
	if !slices.EqualFunc(want, got, func(a, b []*routeguidev1.Fix) bool {
		return slices.EqualFunc(a, b, func(a, b *routeguidev1.Fix) bool { return proto.Equal(a, b) })
	}) {
		t.Errorf("%d routes in order, %d otherwise, or their points differ", len(want), len(got))
	}
}

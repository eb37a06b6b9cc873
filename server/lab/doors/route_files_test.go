package doors

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	routeguidev1 "routeguide/proto/routeguide/v1"
)

const (
	importRoutes = "/routeguide.v1.RouteService/ImportRoutes"
	exportRoute  = "/routeguide.v1.RouteService/ExportRoute"
)

// gpx is a file with a track of each name: so many points, one each second from noon.
func gpx(points int, names ...string) string {
	var b strings.Builder
	b.WriteString(`<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:rg="urn:routeguide:track">`)
	for _, name := range names {
		fmt.Fprintf(&b, "<trk><name>%s</name><trkseg>", name)
		for i := range points {
			fmt.Fprintf(&b, `<trkpt lat="%f" lon="-179.5"><ele>-12.5</ele><time>%s</time><extensions><rg:speed>1.25</rg:speed></extensions></trkpt>`+"\n",
				float64(i)/1e5, noon.Add(time.Duration(i)*time.Second).Format(time.RFC3339))
		}
		b.WriteString("</trkseg></trk>\n")
	}
	return b.String() + "</gpx>"
}

func (v visitor) importFile(file, traveler string) ([]*routeguidev1.ImportRoutesResponse, error) {
	v.t.Helper()
	c := v.begin(v.t.Context(), importRoutes, "traveler", traveler)
	var pieces []proto.Message
	for piece := range slices.Chunk([]byte(file), 1000) {
		pieces = append(pieces, &routeguidev1.ImportRoutesRequest{Data: piece})
	}
	v.ask(c, pieces...)
	return rest[routeguidev1.ImportRoutesResponse](c)
}

func (v visitor) exportFile(id string, format routeguidev1.RouteFormat) (string, error) {
	v.t.Helper()
	c := v.begin(v.t.Context(), exportRoute)
	v.ask(c, &routeguidev1.ExportRouteRequest{Route: id, Format: format})
	pieces, err := rest[routeguidev1.ExportRouteResponse](c)
	var file []byte
	for _, p := range pieces {
		file = append(file, p.Data...)
	}
	return string(file), err
}

func TestRouteFilesThroughEveryDoor(t *testing.T) {
	throughEachDoor(t, func(v visitor) {
		if v.streams {
			v.cases(fileCases)
		}
	})
}

var fileCases = map[string]func(visitor){
	"a file in, and out, and in again": func(v visitor) {
		one, two := v.t.Name()+" one", v.t.Name()+" two"
		file := gpx(2500, one, two)
		said, err := v.importFile(file, "Ada")
		if err != nil || len(said) < 2 {
			v.t.Fatalf("%d answers, %v", len(said), err)
		}
		last := said[len(said)-1]
		var ids []string
		for _, a := range said {
			ids = append(ids, a.Routes...)
		}
		if last.ByteCount != int64(len(file)) || last.PointCount != 5000 || last.RouteCount != 2 || last.DuplicateCount != 0 || len(ids) != 2 {
			v.t.Fatalf("the last answer is %v, routes %q", last, ids)
		}
		r := new(routeguidev1.Route)
		if err := v.unary(getRoute, &routeguidev1.GetRouteRequest{Route: ids[1]}, r); err != nil {
			v.t.Fatal(err)
		}
		if r.Name != two || r.Traveler != "Ada" || r.State != routeguidev1.RouteState_ROUTE_STATE_FINISHED || r.PointCount != 2500 ||
			!r.StartTime.AsTime().Equal(noon) || !r.EndTime.AsTime().Equal(noon.Add(2499*time.Second)) || r.Statistics.TopSpeed != 1.25 {
			v.t.Errorf("route %v", r)
		}
		for _, format := range []routeguidev1.RouteFormat{1, 2, 3} {
			out, err := v.exportFile(ids[1], format)
			if err != nil || len(out) < 100_000 {
				v.t.Fatalf("%v: %d bytes, %v", format, len(out), err)
			}
			again, err := v.importFile(out, "Ada")
			if err != nil || len(again) == 0 {
				v.t.Fatalf("%v: %v", format, err)
			}
			// GPX has all that is known of the points: it is the same track. The other two do without the speed, and are the same.
			if last, same := again[len(again)-1], format != 2; same != (last.DuplicateCount == 1) || same != (last.RouteCount == 0) {
				v.t.Errorf("%v again: %v", format, last)
			}
		}
		again, err := v.importFile(file, "Grace")
		if err != nil || len(again) == 0 || again[len(again)-1].DuplicateCount != 2 || again[len(again)-1].RouteCount+again[len(again)-1].PointCount != 0 {
			v.t.Errorf("the same file again: %v, %v", again, err)
		}
	},
	"a broken file": func(v visitor) {
		file := strings.Replace(gpx(3, v.t.Name()+" one", v.t.Name()+" two"), `<name>`+v.t.Name()+" two</name>", "<name>&two;</name>", 1)
		said, err := v.importFile(file, "")
		v.refused(err, "data")
		if !strings.Contains(status.Convert(err).Message(), "line 5, column ") {
			v.t.Errorf("error %v, which should say where", err)
		}
		if len(said) != 1 || said[0].RouteCount != 1 || said[0].PointCount != 3 || len(said[0].Routes) != 1 {
			v.t.Fatalf("before it came %v", said)
		}
		if got, err := v.track(said[0].Routes[0]); err != nil || len(got) != 3 {
			v.t.Errorf("the track before it: %v, %v", got, err)
		}
	},
	"a piece that is too long": func(v visitor) {
		c := v.begin(v.t.Context(), importRoutes)
		v.ask(c, &routeguidev1.ImportRoutesRequest{Data: bytes.Repeat([]byte("x"), 1<<20+1)})
		if _, err := rest[routeguidev1.ImportRoutesResponse](c); v.rest() { // a line of it is too long already
			if status.Code(err) != codes.ResourceExhausted {
				v.t.Errorf("error %v", err)
			}
		} else {
			v.refused(err, "data")
		}
	},
	"a route that was deleted comes again": func(v visitor) {
		file := gpx(3, v.t.Name())
		ids := map[string]bool{}
		for range 3 {
			said, err := v.importFile(file, "")
			if err != nil || len(said) != 1 || len(said[0].Routes) != 1 {
				v.t.Fatalf("answers %v, %v", said, err)
			}
			id := said[0].Routes[0]
			ids[id] = true
			if got, err := v.track(id); err != nil || len(got) != 3 {
				v.t.Errorf("its track: %v, %v", got, err)
			}
			if err := v.unary(deleteRoute, &routeguidev1.DeleteRouteRequest{Route: id}, new(routeguidev1.DeleteRouteResponse)); err != nil {
				v.t.Fatal(err)
			}
		}
		if len(ids) != 3 {
			v.t.Errorf("%d routes", len(ids))
		}
	},
	"what cannot be exported": func(v visitor) {
		if _, err := v.exportFile("nosuchroute", 1); status.Code(err) != codes.NotFound {
			v.t.Errorf("no such route: %v", err)
		}
		_, err := v.exportFile(v.recorded(at(0, 1, 2)).Id, 0)
		v.refused(err, "format")
	},
}

// TestFilesAsCurlSendsThem uploads and downloads without any of our clients.
func TestFilesAsCurlSendsThem(t *testing.T) {
	p := start(t)
	send := func(method, media, file string) (int, string) {
		t.Helper()
		header := []string{"Traveler: Ada"}
		if media != "" {
			header = append(header, "Content-Type: "+media)
		}
		return post(t, p, method, "/v1/routes:import", file, header...)
	}
	read := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join("../../track/testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	strava := read("strava.gpx")
	for i, upload := range []struct{ method, media, file string }{
		{http.MethodPut, "", strava},                                   // curl -T
		{http.MethodPost, "application/x-www-form-urlencoded", strava}, // curl --data-binary
		{http.MethodPost, "application/gpx+xml", strava},
		{http.MethodPost, "application/json", ` { "data" : "` + base64.StdEncoding.EncodeToString([]byte(strava)) + `"}`},
		{http.MethodPost, "application/x-ndjson", `{"data":"` + base64.StdEncoding.EncodeToString([]byte(strava[:400])) + "\"}\n{\"data\":\"" +
			base64.StdEncoding.EncodeToString([]byte(strava[400:])) + `"}`},
	} {
		count := `"routeCount":"1"`
		if i > 0 {
			count = `"duplicateCount":"1"`
		}
		code, answer := send(upload.method, upload.media, upload.file)
		if answer = strings.ReplaceAll(answer, " ", ""); code != http.StatusOK || !strings.Contains(answer, count) || strings.Contains(answer, "error") {
			t.Errorf("%s of %q: %d %s", upload.method, upload.media, code, answer)
		}
	}
	for _, file := range []string{"records.json", "togeojson.geojson", "location-history.json"} {
		if code, answer := send(http.MethodPost, "application/json", read(file)); code != http.StatusOK || strings.Contains(answer, "error") {
			t.Errorf("%s as JSON: %d %s", file, code, answer)
		}
	}
	for _, wrong := range []struct {
		method, media, file string
		code                int
		text                string
	}{
		{http.MethodPut, "", "", http.StatusBadRequest, "the file is empty"},
		{http.MethodPut, "", "hello", http.StatusBadRequest, "this is not GPX"},
		{http.MethodPost, "application/json", "{", http.StatusBadRequest, "line 1: the file ends too early"},
		{http.MethodPost, "application/json", `{"data":7}`, http.StatusBadRequest, "data: 7 is not a value of this field"},
		{http.MethodPost, "application/json", strings.Repeat(" ", 1<<17), http.StatusBadRequest, "the file is empty"},
		{http.MethodPost, "application/x-ndjson", strava, http.StatusBadRequest, "line 1: not JSON"},
		{http.MethodPost, "text/plain", "<gpx>\n<trk></gpx>", http.StatusBadRequest, "data: line 2, column 11"},
		{http.MethodDelete, "", "", http.StatusMethodNotAllowed, "DELETE is not possible"},
	} {
		if code, answer := send(wrong.method, wrong.media, wrong.file); code != wrong.code || !strings.Contains(answer, wrong.text) {
			t.Errorf("%s of %q: %d %s", wrong.method, wrong.file[:min(len(wrong.file), 40)], code, answer)
		}
	}

	list := tracks(t, p, "Ada")
	if len(list) != 10 {
		t.Fatalf("%d routes", len(list))
	}
	routes, err := routeguidev1.NewRouteServiceClient(p.conn()).ListRoutes(t.Context(), &routeguidev1.ListRoutesRequest{PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(routes.Routes, func(r *routeguidev1.Route) bool { return r.Name == "Früh & frisch 🚴" })
	id := routes.Routes[i].Id
	for _, test := range []struct{ format, media, ending, begin string }{
		{"GPX", "application/gpx+xml", "gpx", "<?xml"},
		{"gpx", "application/gpx+xml", "gpx", "<?xml"},
		{"ROUTE_FORMAT_GPX", "application/gpx+xml", "gpx", "<?xml"},
		{"1", "application/gpx+xml", "gpx", "<?xml"},
		{"GEOJSON", "application/geo+json", "geojson", `{"type":"FeatureCollection"`},
		{"kml", "application/vnd.google-earth.kml+xml", "kml", "<?xml"},
	} {
		res, err := http1.Get(p.base() + "/v1/routes/" + id + ":export?format=" + test.format)
		if err != nil {
			t.Fatal(err)
		}
		file, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != test.media ||
			res.Header.Get("Content-Disposition") != `attachment; filename="route-`+id+"."+test.ending+`"` || !bytes.HasPrefix(file, []byte(test.begin)) {
			t.Errorf("%s: %s %v, %v\n%s", test.format, res.Status, res.Header, err, file)
		}
		// What was taken out is the track that was put in.
		if code, answer := send(http.MethodPut, "", string(file)); code != http.StatusOK || !strings.Contains(strings.ReplaceAll(answer, " ", ""), `"duplicateCount":"1"`) {
			t.Errorf("%s again: %d %s", test.format, code, answer)
		}
	}
	for path, want := range map[string]int{
		id + ":export": http.StatusBadRequest, id + ":export?format=PDF": http.StatusBadRequest, id + ":export?format=7": http.StatusBadRequest,
		"nosuch:export?format=GPX": http.StatusNotFound, `a%22%0d%0ab:export?format=GPX`: http.StatusNotFound,
	} {
		res, err := http1.Get(p.base() + "/v1/routes/" + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want || res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %s %v", path, res.Status, res.Header)
		}
	}
}

// TestImportThatBrokeOff fills the store in the middle of a track. Sent again to one that has room, the file is completed.
func TestImportThatBrokeOff(t *testing.T) {
	dir := t.TempDir()
	file := gpx(60_000, "a long way")
	p := start(t, "-data", dir, "-store-max-bytes", "400000")
	if said, err := (visitor{t, p, doors[0]}).importFile(file, "Ada"); status.Code(err) != codes.ResourceExhausted {
		t.Fatalf("answers %v, %v", said, err)
	}
	stored := tracks(t, p, "Ada")
	if len(stored) != 1 || len(stored[0]) == 0 || len(stored[0]) == 60_000 {
		t.Fatalf("%d routes, %d points", len(stored), len(stored[0]))
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	p = start(t, "-data", dir)
	said, err := (visitor{t, p, doors[0]}).importFile(file, "Ada")
	if err != nil || len(said) == 0 {
		t.Fatalf("answers %v, %v", said, err)
	}
	last := said[len(said)-1]
	if last.RouteCount != 1 || last.DuplicateCount != 0 || last.PointCount != int64(60_000-len(stored[0])) {
		t.Errorf("after %d points came %v", len(stored[0]), last)
	}
	whole := tracks(t, p, "Ada")
	if len(whole) != 1 || len(whole[0]) != 60_000 {
		t.Fatalf("%d routes", len(whole))
	}
	for i, f := range whole[0] {
		if !f.Time.AsTime().Equal(noon.Add(time.Duration(i)*time.Second)) || f.Location.Latitude != int32(i*100) {
			t.Fatalf("point %d is %v", i, f)
		}
	}
}

// TestTornDownload deletes a route while it is downloaded: the file must not look whole.
func TestTornDownload(t *testing.T) {
	p := start(t)
	var file strings.Builder
	file.WriteString("<kml><LineString><coordinates>")
	for i := range 200_000 { // more than the buffers of a connection hold
		fmt.Fprintf(&file, "7.%07d,46.5\n", i)
	}
	file.WriteString("</coordinates></LineString></kml>")
	said, err := (visitor{t, p, doors[0]}).importFile(file.String(), "")
	if err != nil || len(said) == 0 {
		t.Fatal(said, err)
	}
	var id string
	for _, a := range said {
		if len(a.Routes) > 0 {
			id = a.Routes[0]
		}
	}
	res, err := http1.Get(p.base() + "/v1/routes/" + id + ":export?format=GPX")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := routeguidev1.NewRouteServiceClient(p.conn()).DeleteRoute(t.Context(), &routeguidev1.DeleteRouteRequest{Route: id}); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(res.Body)
	if err == nil || bytes.Contains(got, []byte("</gpx>")) || bytes.Contains(got, []byte(`"error"`)) {
		t.Errorf("%d bytes, %v; they end with %q", len(got), err, got[max(0, len(got)-100):])
	}
}

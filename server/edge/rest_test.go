package edge_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"routeguide/server/edge"
)

func get1(t *testing.T, p *place, path string, header ...string) (*http.Response, *bufio.Reader) {
	t.Helper()
	req, err := http.NewRequestWithContext(call(t), http.MethodGet, p.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := p.http1.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res, bufio.NewReader(res.Body)
}

func line(t *testing.T, in *bufio.Reader) string {
	t.Helper()
	s, err := in.ReadString('\n')
	if err != nil {
		t.Fatalf("after %q: %v", s, err)
	}
	return strings.TrimSuffix(s, "\n")
}

func TestRESTHeaders(t *testing.T) {
	p := open(t)
	res, in := get1(t, p, "/v1/features/1/2", "Traveler: Ada", "Route-Id: r9", "Resume-Token: t9",
		"Grpc-Metadata-Seen-Bin: "+base64.StdEncoding.EncodeToString([]byte{0, 255}))
	body, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Route-Id":                "r9",
		"Resume-Token":            "t9",
		"Grpc-Metadata-Seen-Bin":  "AP8",
		"Content-Type":            "application/json",
		"X-Content-Type-Options":  "nosniff",
		"Content-Length":          fmt.Sprint(len(body)),
		"Grpc-Metadata-Route-Id":  "",
		"Grpc-Metadata-After":     "",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		"Referrer-Policy":         "no-referrer",
		"Vary":                    "Accept-Encoding",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	var f struct {
		Name     string
		Location struct{ Latitude, Longitude int32 }
	}
	if err := json.Unmarshal(body, &f); err != nil || f.Name != "[Ada]" || f.Location.Latitude != 1 || f.Location.Longitude != 2 {
		t.Errorf("body %s, %v", body, err)
	}
}

// TestStreamBeginsAtOnce gets the headers of a chat before anyone has said anything.
func TestStreamBeginsAtOnce(t *testing.T) {
	p := open(t)
	body, send := io.Pipe()
	req, err := http.NewRequestWithContext(call(t), http.MethodPost, p.base+"/v1/notes:chat", body)
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.http1.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Chat-Id") != "c1" || res.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%s %v", res.Status, res.Header)
	}
	in := bufio.NewReader(res.Body)
	for _, text := range []string{"one", "two"} {
		if _, err := fmt.Fprintf(send, "{\"message\":%q}", text); err != nil { // without a line's end even
			t.Fatal(err)
		}
		if got := line(t, in); !strings.HasPrefix(got, `{"result":`) || !strings.Contains(got, text) {
			t.Errorf("line %q", got)
		}
	}
	send.Close()
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Errorf("then %q, %v", rest, err)
	}
	res.Body.Close()
}

func TestConnectionIsUsedAgain(t *testing.T) {
	p := open(t)
	var first string
	for range 20 {
		for path, body := range map[string]string{"/v1/routes:record": "{}\n{}\n", "/v1/features/1/1": "", "/v1/features": ""} {
			var res *http.Response
			var err error
			if body == "" {
				res, err = p.http1.Get(p.base + path)
			} else {
				// A reader of unknown length is sent in chunks.
				res, err = p.http1.Post(p.base+path, "application/x-ndjson", struct{ io.Reader }{strings.NewReader(body)})
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s, %v", path, res.Status, err)
			}
			res.Body.Close()
		}
		if now := fmt.Sprint(len(p.conns())); first == "" {
			first = now
		} else if now != first {
			t.Fatalf("%s connections, then %s", first, now)
		}
	}
}

func TestEvents(t *testing.T) {
	p := open(t, func(o *edge.Options) { o.Limits.Heartbeat = 50 * time.Millisecond })
	for _, accept := range []string{"text/event-stream", "text/event-stream, */*;q=0.1"} {
		res, in := get1(t, p, "/v1/notes:watch", "Accept: "+accept, "Last-Event-ID: 41")
		if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("content type %q", got)
		}
		if got := res.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("cache control %q", got)
		}
		id := line(t, in)
		for id == ":" || id == "" { // signs of life, while the handler was not so far
			id = line(t, in)
		}
		if id != "id: 42" {
			t.Errorf("line %q, want the cursor", id)
		}
		data, ok := strings.CutPrefix(line(t, in), "data: ")
		var event struct{ Result struct{ Cursor string } }
		if err := json.Unmarshal([]byte(data), &event); !ok || err != nil || event.Result.Cursor != "42" {
			t.Errorf("data %q, %v", data, err)
		}
		for range 3 { // signs of life, between events
			if empty, sign := line(t, in), line(t, in); empty != "" || sign != ":" {
				t.Errorf("lines %q, %q", empty, sign)
			}
		}
		res.Body.Close()
		within(t, p.guide.waiting, "the handler")
		within(t, p.guide.ended, "the handler")
	}
}

func TestEventErrors(t *testing.T) {
	p := open(t)
	// Before the answer has begun it is an ordinary one.
	res, in := get1(t, p, "/v1/features?hi.latitude=5", "Accept: text/event-stream")
	if body, err := io.ReadAll(in); res.StatusCode != 404 || res.Header.Get("Content-Type") != "application/json" || err != nil {
		t.Errorf("%s %s %q", res.Status, res.Header.Get("Content-Type"), body)
	}
	// Later it is an event.
	res, in = get1(t, p, "/v1/features?lo.latitude=1&hi.latitude=5", "Accept: text/event-stream")
	body, err := io.ReadAll(in)
	events := strings.Split(strings.TrimSpace(string(body)), "\n\n")
	if err != nil || res.StatusCode != 200 || len(events) != 2 || !strings.HasPrefix(events[1], `data: {"error":`) {
		t.Errorf("%s %q, %v", res.Status, events, err)
	}
	// A single message is no event.
	res, in = get1(t, p, "/v1/features/1/1", "Accept: text/event-stream")
	if body, err := io.ReadAll(in); err != nil || res.Header.Get("Content-Type") != "application/json" || !json.Valid(body) {
		t.Errorf("%s %q", res.Header.Get("Content-Type"), body)
	}
}

// TestErrorKeepsHeaders resumes a route from an answer that says what is wrong with a line of it.
func TestErrorKeepsHeaders(t *testing.T) {
	p := open(t)
	for range 50 { // the error may overtake the headers
		body, send := io.Pipe()
		go func() {
			fmt.Fprintln(send, `{"latitude":998}`)
			<-p.guide.waiting
			fmt.Fprintln(send, "!")
			send.Close()
		}()
		res, err := p.http1.Post(p.base+"/v1/routes:record", "application/x-ndjson", body)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		within(t, p.guide.ended, "the handler")
		if res.StatusCode != http.StatusBadRequest {
			t.Fatal(res.Status)
		}
		if res.Header.Get("Route-Id") == "r1" {
			return
		}
	}
	t.Error("no answer said which route it was")
}

package edge_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoregistry"

	"routeguide/proto/routeguide"
	"routeguide/server/edge"
	"routeguide/server/lab/edgetest"
	"routeguide/server/schema"
)

// compare runs one thing through several doors by turns. It reports how fast each is in relation to the first, by the clock
// and by processor time, which other work on the machine disturbs less; the client's part is in both.
func compare(b *testing.B, names []string, run func(door int) error) {
	spent := make([]time.Duration, len(names))
	worked := make([]time.Duration, len(names))
	for door := range names {
		if err := run(door); err != nil { // connections are open from here on
			b.Fatalf("%s: %v", names[door], err)
		}
	}
	for b.Loop() {
		for door := range names {
			start, before := time.Now(), processorTime(b)
			if err := run(door); err != nil {
				b.Fatalf("%s: %v", names[door], err)
			}
			spent[door] += time.Since(start)
			worked[door] += processorTime(b) - before
		}
	}
	for door, name := range names {
		if door == 0 {
			continue
		}
		b.ReportMetric(spent[0].Seconds()/spent[door].Seconds(), name+"/native")
		b.ReportMetric(worked[0].Seconds()/worked[door].Seconds(), name+"-cpu/native")
	}
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkUnary(b *testing.B) {
	p := open(b)
	conns := []grpc.ClientConnInterface{
		p.native,
		edgetest.Web{Base: p.base, Client: p.http1},
		edgetest.WebSocket{Base: p.base},
	}
	point := &routeguidepb.Point{Latitude: 409146138, Longitude: -746188906}
	compare(b, []string{"native", "web", "websocket", "rest"}, func(door int) error {
		if door == 3 {
			return get(p, fmt.Sprintf("/v1/features/%d/%d", point.Latitude, point.Longitude), 0)
		}
		_, err := routeguidepb.NewRouteGuideClient(conns[door]).GetFeature(context.Background(), point)
		return err
	})
}

// BenchmarkList lists 10,000 features.
func BenchmarkList(b *testing.B) {
	const features = 10_000
	p := open(b)
	conns := []grpc.ClientConnInterface{
		p.native,
		edgetest.Web{Base: p.base, Client: p.http1},
		edgetest.WebSocket{Base: p.base},
	}
	area := &routeguidepb.Rectangle{Lo: &routeguidepb.Point{Latitude: features}, Hi: &routeguidepb.Point{}}
	compare(b, []string{"native", "web", "websocket", "rest"}, func(door int) error {
		if door == 3 {
			return get(p, fmt.Sprintf("/v1/features?lo.latitude=%d&hi.latitude=0", features), features)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		s, err := routeguidepb.NewRouteGuideClient(conns[door]).ListFeatures(ctx, area)
		if err != nil {
			return err
		}
		for n := 0; ; n++ {
			switch _, err := s.Recv(); {
			case err == io.EOF && n == features:
				return nil
			case err != nil:
				return fmt.Errorf("after %d: %w", n, err)
			}
		}
	})
}

// BenchmarkDescribed compares REST by generated code, the first, with REST by what a server says of itself: a call, and a list of
// 10,000 features.
func BenchmarkDescribed(b *testing.B) {
	const features = 10_000
	own := schema.New("", protoregistry.GlobalFiles, "routeguide.RouteGuide")
	p := open(b, func(o *edge.Options) {
		o.Schemas = func(context.Context) []*schema.Schema { return []*schema.Schema{own} }
	})
	b.Run("a call", func(b *testing.B) {
		compare(b, []string{"generated", "described"}, func(way int) error {
			if way == 0 {
				return get(p, "/v1/features/409146138/-746188906", 0)
			}
			return post(p, "/routeguide.RouteGuide/GetFeature", `{"latitude":409146138,"longitude":-746188906}`, 0)
		})
	})
	b.Run("a list", func(b *testing.B) {
		compare(b, []string{"generated", "described"}, func(way int) error {
			if way == 0 {
				return get(p, fmt.Sprintf("/v1/features?lo.latitude=%d&hi.latitude=0", features), features)
			}
			return post(p, "/routeguide.RouteGuide/ListFeatures", fmt.Sprintf(`{"lo":{"latitude":%d},"hi":{}}`, features), features)
		})
	})
}

// get reads an answer of so many lines, or of one without an end.
func get(p *place, path string, lines int) error {
	return read(lines)(p.http1.Get(p.base + path))
}

// post does the same with a request.
func post(p *place, path, body string, lines int) error {
	return read(lines)(p.http1.Post(p.base+path, "application/json", strings.NewReader(body)))
}

func read(lines int) func(*http.Response, error) error {
	return func(res *http.Response, err error) error {
		if err != nil {
			return err
		}
		defer res.Body.Close()
		n := 0
		in := bufio.NewScanner(res.Body)
		for in.Scan() {
			n++
		}
		if res.StatusCode != http.StatusOK || n != max(lines, 1) {
			return fmt.Errorf("%s: %d lines, %w", res.Status, n, in.Err())
		}
		return nil
	}
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/geo"
)

const (
	devices      = 1000 // that report in turns, each callers' own
	reportPoints = 10   // of a report
	reportEvery  = time.Second
	reporters    = 64 // at a time
)

// device is a phone that moves on with each report.
type device struct {
	name string
	at   geo.Point
	time time.Time
}

// phones gives each caller devices of its own, which report one after the other.
func phones(report func(line, *device) caller) door {
	var many atomic.Int32
	return func(l line) caller {
		var mine []caller
		for range devices / reporters {
			n := many.Add(1)
			began := time.Now().Add(-12 * time.Hour)
			mine = append(mine, report(l, &device{fmt.Sprintf("bench-%d-%d", began.UnixNano(), n), newPlace(), began}))
		}
		turn := 0
		return func(ctx context.Context) error {
			turn++
			return mine[turn%len(mine)](ctx)
		}
	}
}

func (d *device) move() {
	d.at.Lat, d.time = d.at.Lat+100, d.time.Add(reportEvery)
}

// reports sends some points at a time.
func reports(l line, d *device) caller {
	return func(ctx context.Context) error {
		r := &routeguidev1.ReportFixesRequest{Device: d.name, Traveler: "Bench"}
		for range reportPoints {
			d.move()
			r.Fixes = append(r.Fixes, &routeguidev1.Fix{Location: pointMessage(d.at), Time: timestamppb.New(d.time)})
		}
		w := work{method: routeguidev1.RouteService_ReportFixes_FullMethodName, messages: [][]byte{encode(r)}}
		return (&native{conn: l.grpc, work: w}).call(ctx)
	}
}

// locations sends a point at a time, as OwnTracks does.
func locations(l line, d *device) caller {
	return func(ctx context.Context) error {
		d.move()
		body := fmt.Appendf(nil, `{"_type":"location","lat":%f,"lon":%f,"tst":%d,"acc":12,"batt":81,"vel":5}`, float64(d.at.Lat)/1e7, float64(d.at.Lng)/1e7, d.time.Unix())
		return post(ctx, l, "/ingest/owntracks?u="+d.name+"&d=phone", bytes.NewReader(body))
	}
}

func post(ctx context.Context, l line, path string, body io.Reader) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.server.http+path, body)
	if err != nil {
		return err
	}
	resp, err := l.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || bytes.HasPrefix(answer, []byte(`{"error"`)) || bytes.Contains(answer, []byte("\n{\"error\"")) {
		return fmt.Errorf("%w: %s: %.200s", errAnswer, resp.Status, answer)
	}
	return nil
}

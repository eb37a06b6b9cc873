package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// takeout measures the import of a million points of location history.
type takeout struct{}

const takeoutPoints = 1_000_000

func (takeout) name() string { return "Takeout of " + whole(takeoutPoints) + " points" }

func (t takeout) run(ctx context.Context, l *lab, _ plan) ([]row, error) {
	path := filepath.Join(l.dir, "Records.json")
	if err := t.write(path); err != nil {
		return nil, err
	}
	s, err := l.routeGuide(ctx)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	lines, err := newLines(s, 1)
	if err != nil {
		return nil, err
	}
	defer lines.close()
	l.say("%s: it is imported", t.name())
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	before, known := s.cpu()
	began := time.Now()
	if err := post(ctx, lines[0], "/v1/routes:import", file); err != nil {
		return nil, err
	}
	took := time.Since(began)
	after, _ := s.cpu()
	cpu := time.Duration(noCPU)
	if known {
		cpu = (after - before) / takeoutPoints
	}
	return []row{
		{what: t.name(), name: "REST, and CPU of a point", value: reading{value: short(took), cpu: cpu}},
		{what: t.name(), name: "memory at the most", value: reading{value: megabytes(s.peak())}},
	}, nil
}

// write makes a file of points a minute apart, as Takeout has them.
func (takeout) write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range takeoutPoints {
		separator := ","
		if i == 0 {
			separator = `{"locations":[`
		}
		fmt.Fprintf(w, "%s{\"latitudeE7\":%d,\"longitudeE7\":%d,\"accuracy\":%d,\"source\":\"WIFI\",\"timestamp\":\"%s\"}\n",
			separator, 400_000_000+i%1000*500, -740_000_000+i/1000*500, 5+i%40, at.Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
	}
	fmt.Fprintln(w, "]}")
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// peak returns how many bytes of the process were in memory at the most, and 0 where the system does not tell.
func (s *server) peak() float64 { return s.status("VmHWM:") }

func (s *server) status(name string) float64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), name)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseFloat(fields[0], 64)
	return kilobytes * 1024
}

package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// describe says what kind of machine this is, and how long its disk takes to make a write durable in the folder dir, since
// the store waits for that.
func describe(dir string) (string, error) {
	cpu := value("/proc/cpuinfo", "model name", ":")
	if cpu == "" {
		cpu = runtime.GOARCH
	}
	system := value("/etc/os-release", "PRETTY_NAME", "=")
	if system == "" {
		system = runtime.GOOS
	}
	sync, err := syncTime(dir)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d cores of %s, %s, %s; fsync takes %s; clients and servers share the machine",
		runtime.NumCPU(), cpu, system, runtime.Version(), short(sync)), nil
}

// value returns what the first line called key says in a file, or "" where there is none.
func value(path, key, separator string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, v, _ := strings.Cut(lines.Text(), separator); strings.TrimSpace(k) == key {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}

func syncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	block := make([]byte, 4096)
	var times []float64
	for range 50 {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		times = append(times, float64(time.Since(began)))
	}
	return time.Duration(spreadOf(times).median), nil
}

// Package basemap has the maps that lie under everything the page draws, beside the one that is built in: PMTiles files of
// this machine, which it hands out by ranges, and styles and tiles of others, which it names.
package basemap

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// BuiltIn is the name of the map that the page has by itself. No other may be called that.
const BuiltIn = "Built-in"

const longestName = 64 // characters

// A Kind says how the page draws a map.
type Kind string

const (
	Vector  Kind = "vector"  // a PMTiles file with vector tiles of the Protomaps basemap's layers
	Picture Kind = "picture" // a PMTiles file with pictures
	Style   Kind = "style"   // the address of a MapLibre style
	Tiles   Kind = "tiles"   // an address with {z}, {x} and {y} of pictures
)

// A Source says where a map is.
type Source struct {
	Name string // 1 to 64 characters, as the page shows it
	// At is a path, or the address of a style or of tiles.
	At string
	// Attribution is what is written after # of an address: text or HTML to show with its tiles.
	Attribution string
	remote      *url.URL // nil for a file
}

// Parse reads what -basemap takes: a file, the address of a style, or one of tiles, each after NAME= if it is to have a name.
func Parse(s string) (Source, error) {
	source := Source{At: s}
	if name, at, ok := strings.Cut(s, "="); ok && !strings.ContainsAny(name, `/\:?`) {
		source.Name, source.At = strings.TrimSpace(name), at
		if source.Name == "" {
			return Source{}, fmt.Errorf("%q has no name before =", s)
		}
	}
	if err := source.locate(); err != nil {
		return Source{}, fmt.Errorf("%q: %w", s, err)
	}
	switch n := utf8.RuneCountInString(source.Name); {
	case n > longestName || !utf8.ValidString(source.Name):
		return Source{}, fmt.Errorf("%q: a name has at most %d characters", s, longestName)
	case strings.EqualFold(source.Name, BuiltIn):
		return Source{}, fmt.Errorf("%q: %s is the name of the map that is there anyway", s, BuiltIn)
	}
	return source, nil
}

// locate tells addresses from files, and names what has no name.
func (s *Source) locate() error {
	if !strings.Contains(s.At, "://") {
		if s.At == "" {
			return errors.New("there is no file")
		}
		if s.Name == "" {
			s.Name = strings.TrimSuffix(filepath.Base(s.At), ".pmtiles")
		}
		return nil
	}
	s.At, s.Attribution, _ = strings.Cut(s.At, "#")
	u, err := url.Parse(s.At)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(u.Host, "*;,'") {
		return errors.New("an address is like https://example.org/style.json or https://example.org/{z}/{x}/{y}.png")
	}
	s.remote = u
	some := 0
	for _, part := range []string{"{z}", "{x}", "{y}"} {
		if strings.Contains(s.At, part) {
			some++
		}
	}
	if some != 0 && some != 3 {
		return errors.New("the address of tiles has {z}, {x} and {y}")
	}
	if s.Name == "" {
		s.Name = u.Hostname()
	}
	return nil
}

func (s Source) kind() Kind {
	if strings.Contains(s.At, "{z}") {
		return Tiles
	}
	return Style
}

// origin is that of an address, as in "https://example.org".
func (s Source) origin() string { return s.remote.Scheme + "://" + s.remote.Host }

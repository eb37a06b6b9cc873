// Package tile draws the features as vector tiles (Mapbox Vector Tile 2.1, without gzip), which maps load as they are moved.
//
// Each tile has one layer, "features". A point of it that stands for one feature has the properties "id", "name" and
// "category", the last two where they are not empty; one that stands for several has "count" alone. Up to zoom 13 those that
// lie in one cell of 32 × 32 in the tile are one point; from zoom 14 on each is itself, unless they are very many.
package tile

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"routeguide/server/feature"
	"routeguide/server/geo"
)

const (
	maxZoom   = 22
	clearZoom = 14   // from here on each feature is itself,
	mostClear = 4096 // where a tile has no more
	keptTiles = 1024 // tiles in memory
)

// A Drawer answers GET /v1/tiles/{z}/{x}/{y}.mvt. It is safe for concurrent use.
type Drawer struct {
	features *feature.Book
	slots    chan struct{} // as many are drawn at once

	mu       sync.Mutex
	position uint64 // the features' when those in kept were drawn
	kept     map[place]*drawn
}

// drawn is a tile as it is sent.
type drawn struct {
	data []byte
	etag string
}

// New returns a Drawer of features.
func New(features *feature.Book) *Drawer {
	return &Drawer{features: features, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), kept: make(map[place]*drawn)}
}

// ServeHTTP implements http.Handler. A tile's ETag is that of its content, so it stays when others change.
func (d *Drawer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve(w, r, func(at place) (*drawn, error) { return d.tile(r, at) })
}

func serve(w http.ResponseWriter, r *http.Request, tile func(place) (*drawn, error)) {
	at, ok := parse(r.URL.Path)
	if !ok {
		http.Error(w, "there is no such tile", http.StatusNotFound)
		return
	}
	t, err := tile(at)
	if err != nil {
		http.Error(w, "the tile cannot be drawn", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", t.etag)
	if strings.Contains(r.Header.Get("If-None-Match"), t.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/vnd.mapbox-vector-tile")
	h.Set("Content-Length", strconv.Itoa(len(t.data)))
	_, _ = w.Write(t.data)
}

// parse returns the tile that a path names.
func parse(path string) (t place, ok bool) {
	name, found := strings.CutPrefix(path, "/v1/tiles/")
	name, isTile := strings.CutSuffix(name, ".mvt")
	parts := strings.Split(name, "/")
	if !found || !isTile || len(parts) != 3 {
		return t, false
	}
	for i, to := range []*int{&t.z, &t.x, &t.y} {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 || strconv.Itoa(n) != parts[i] {
			return t, false
		}
		*to = n
	}
	return t, t.z <= maxZoom && t.x < 1<<t.z && t.y < 1<<t.z
}

// tile returns a tile of the features as they are now, or were a moment ago.
func (d *Drawer) tile(r *http.Request, at place) (*drawn, error) {
	position := d.features.Position()
	if t := d.keep(position, at, nil); t != nil {
		return t, nil
	}
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if t := d.keep(position, at, nil); t != nil { // somebody else drew it meanwhile
		return t, nil
	}
	t, err := draw(d.features, at, at.rect())
	if err != nil {
		return nil, err
	}
	return d.keep(position, at, t), nil
}

// In returns what answers as the Drawer does, with the features of an area alone. It keeps no tiles.
func (d *Drawer) In(area geo.Rect) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve(w, r, func(at place) (*drawn, error) {
			select {
			case d.slots <- struct{}{}:
				defer func() { <-d.slots }()
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			both, _ := area.Meet(at.rect()) // nothing of a tile that an area reaches around the world into from both sides
			return draw(d.features, at, both)
		})
	})
}

// keep returns the tile that is kept, or keeps one that was drawn when the features were at a position or later.
func (d *Drawer) keep(position uint64, at place, t *drawn) *drawn {
	d.mu.Lock()
	defer d.mu.Unlock()
	if position > d.position || len(d.kept) == keptTiles {
		clear(d.kept)
		d.position = position
	}
	switch {
	case position < d.position: // too late
		return t
	case t != nil:
		d.kept[at] = t
	}
	return d.kept[at]
}

// draw encodes the part of a tile that lies in an area.
func draw(features *feature.Book, at place, area geo.Rect) (*drawn, error) {
	all := geojson.NewFeatureCollection()
	add := func(p geo.Point) geojson.Properties {
		f := geojson.NewFeature(orb.Point{float64(p.Lng) / 1e7, float64(p.Lat) / 1e7})
		all.Append(f)
		return f.Properties
	}
	single := func(e feature.Entry) {
		p := add(e.Location)
		p["id"] = e.ID
		for name, value := range map[string]string{"name": e.Name, "category": e.Category} {
			if value != "" {
				p[name] = value
			}
		}
	}
	clear := false
	if at.z >= clearZoom {
		var entries []feature.Entry
		entries, clear = features.Entries(area, mostClear)
		for _, e := range entries {
			single(e)
		}
	}
	if !clear {
		for _, c := range features.Cells(area, cells*cells, at.cell()) {
			switch c.Count {
			case 0:
			case 1:
				single(c.Only)
			default:
				add(c.Mean)["count"] = c.Count
			}
		}
	}
	layer := mvt.NewLayer("features", all)
	layer.Version = 2
	layer.ProjectToTile(maptile.New(uint32(at.x), uint32(at.y), maptile.Zoom(at.z)))
	data, err := mvt.Marshal(mvt.Layers{layer})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return &drawn{data, `"` + hex.EncodeToString(sum[:8]) + `"`}, nil
}

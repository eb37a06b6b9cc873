package rpc

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/feature"
	"routeguide/server/geo"
)

func TestEncodedFeaturesAreProtocolBuffers(t *testing.T) {
	var enc featureEncoder
	var got [][]byte
	var want [][]byte
	for _, name := range []string{"", "a", "Patriots Path, Mendham, NJ 07945, USA", "漢字", strings.Repeat("x", 70_000)} {
		for _, p := range []geo.Point{{}, {Lat: 1}, {Lng: -1}, {Lat: geo.MaxLat, Lng: -geo.MaxLng}, {Lat: math.MinInt32, Lng: math.MaxInt32}} {
			b, err := proto.MarshalOptions{Deterministic: true}.Marshal(&routeguidepb.Feature{Name: name, Location: pointMessage(p)})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, b)
			got = append(got, enc.encode(feature.Feature{Name: name, Location: p}))
		}
	}
	for i := range got { // compared last: none may be written over by a later one
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("feature %d is encoded as %x, want %x", i, got[i], want[i])
		}
	}
}

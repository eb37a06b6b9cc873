package doors

import (
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
	"routeguide/server/feature"
)

// The classic service under the names that an early tutorial gives it; REST has no paths of its own for these.
func TestRouteGuideWithoutPackageThroughEveryDoor(t *testing.T) {
	p := start(t)
	for _, d := range relayDoors {
		for name, test := range aliasCases {
			t.Run(d.name+"/"+name, func(t *testing.T) { test(visitor{t, p, d}) })
		}
	}
}

var aliasCases = map[string]func(visitor){
	"GetFeature": func(v visitor) {
		f := new(routeguidepb.Feature)
		if err := v.unary("/RouteGuide/GetFeature", pb(409146138, -746188906), f); err != nil || f.Name == "" {
			v.t.Errorf("feature %v, %v", f, err)
		}
		v.refused(v.unary("/RouteGuide/GetFeature", pb(math.MaxInt32, 0), f), "latitude")
	},
	"ListFeature and ListFeatures": func(v visitor) {
		for _, method := range []string{"/RouteGuide/ListFeature", "/RouteGuide/ListFeatures"} {
			c := v.reach(v.t.Context(), method)
			v.ask(c, world)
			all, err := rest[routeguidepb.Feature](c)
			if err != nil || len(all) != feature.Default().Len() {
				v.t.Errorf("%s: %d features, %v", method, len(all), err)
			}
			c = v.reach(v.t.Context(), method)
			v.ask(c, &routeguidepb.Rectangle{Hi: pb(1, 1)})
			_, err = rest[routeguidepb.Feature](c)
			v.refused(err, "lo")
		}
	},
	"RecordRoute": func(v visitor) {
		c := v.reach(v.t.Context(), "/RouteGuide/RecordRoute")
		v.ask(c, pb(407838351, -746143763), pb(408122808, -743999179))
		sum := new(routeguidepb.RouteSummary)
		if err := c.RecvMsg(sum); err != nil || sum.PointCount != 2 || sum.FeatureCount != 2 || sum.Distance == 0 {
			v.t.Errorf("summary %v, %v, want 2 points on features", sum, err)
		}
		c = v.reach(v.t.Context(), "/RouteGuide/RecordRoute")
		v.ask(c, pb(0, math.MinInt32))
		v.refused(c.RecvMsg(sum), "longitude")
	},
	"RouteChat": func(v visitor) {
		note := &routeguidepb.RouteNote{Location: v.place(), Message: "once more"}
		c := v.reach(v.t.Context(), "/RouteGuide/RouteChat")
		v.ask(c, note, note)
		if all, err := rest[routeguidepb.RouteNote](c); err != nil || len(all) != 1 || !proto.Equal(all[0], note) {
			v.t.Errorf("notes %v, %v, want the first one", all, err)
		}
		c = v.reach(v.t.Context(), "/RouteGuide/RouteChat")
		v.ask(c, &routeguidepb.RouteNote{Message: "nowhere"})
		v.refused(c.RecvMsg(new(routeguidepb.RouteNote)), "location")
	},
}

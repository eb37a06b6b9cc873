package doors

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	routeguidepb "routeguide/proto/routeguide"
)

// Who cannot do with more than so many features is told how many there are, and gets them only when they are not more.
func TestListFeaturesAtMost(t *testing.T) {
	p := start(t)
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			v := visitor{t, p, d}
			for _, c := range []struct {
				most, count string
				features    int
				code        codes.Code
			}{{"99", "100", 0, codes.OK}, {"100", "100", 100, codes.OK}, {"", "", 100, codes.OK}, {"-1", "", 0, codes.InvalidArgument}} {
				var md []string
				if c.most != "" {
					md = []string{"features-at-most", c.most}
				}
				call := v.begin(t.Context(), listFeatures, md...)
				v.ask(call, world)
				found, err := rest[routeguidepb.Feature](call)
				if status.Code(err) != c.code || len(found) != c.features {
					t.Errorf("at most %q: %d features, %v", c.most, len(found), err)
				}
			}
		})
	}
}

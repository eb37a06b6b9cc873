package doors

import (
	"io"
	"net/http"
	"strings"
	"testing"

	routeguidev1 "routeguide/proto/routeguide/v1"
)

// Over REST a PATCH changes what stands in its body, and nothing else.
func TestPatch(t *testing.T) {
	p := start(t)
	v := visitor{t, p, doors[0]}
	id := v.recorded(at(0, 1, 1)).Id
	patch := func(path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPatch, p.base()+"/v1/routes/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http1.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	for _, test := range []struct {
		path, body string
		status     int
		want       string
	}{
		{id, `{"name": "Round", "color": "#102030"}`, 200, `"color":"#102030"`},
		{id, `{"hidden": true}`, 200, `"name":"Round"`},
		{id + "?update_mask=name", `{"color": "#405060"}`, 200, `"name":""`},
		{id, `{"name": "Again"}`, 200, `"color":"#102030"`},
		{id, `{"pointCount": "7"}`, 400, `point_count`},
		{id, `{"name": 7}`, 400, `"field":"name"`},
		{id, `{"nonsense": 7}`, 400, `"field":"nonsense"`},
		{id, `{"color": "red"}`, 400, `"field":"route.color"`},
		{id, `{"name": "Ro`, 400, `not JSON`},
		{id, `[]`, 400, ``},
		{id, `{}`, 400, `nothing to change`},
		{id, ``, 400, `nothing to change`},
		{"nobody", `{"name": "x"}`, 404, `no such route`},
	} {
		got, text := patch(test.path, test.body)
		if text = strings.ReplaceAll(text, `": `, `":`); got != test.status || !strings.Contains(text, test.want) {
			t.Errorf("%s %s: %d %s, want %d and %s", test.path, test.body, got, text, test.status, test.want)
		}
	}
	r := new(routeguidev1.Route)
	if err := v.unary(getRoute, &routeguidev1.GetRouteRequest{Route: id}, r); err != nil || r.Name != "Again" || r.Color != "#102030" || !r.Hidden {
		t.Errorf("the route is %v, %v", r, err)
	}
}

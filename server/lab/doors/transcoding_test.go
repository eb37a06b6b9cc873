package doors

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const contractOfLibrary = "testdata/library.proto"

// A method of a server that the program has never heard of is called by each path that its contract names and by its gRPC path.
func TestTranscodingByReflection(t *testing.T) {
	for name, args := range map[string]struct {
		describe describe
		flags    []string
	}{
		"reflection":        {inV1, nil},
		"reflection, alpha": {inV1Alpha, nil},
		"a .proto file":     {notAtAll, []string{"-upstream-descriptors", contractOfLibrary}},
	} {
		t.Run(name, func(t *testing.T) {
			s := listenLibrary(t, "127.0.0.1:0", contractOfLibrary, args.describe)
			p := start(t, append([]string{"-upstream", "*=" + s.addr}, args.flags...)...)
			for _, c := range transcodings {
				c.check(t, p)
			}
		})
	}
}

// A transcoding is a request and its answer: the members of want are in the answer's JSON, or in each line of a stream's.
type transcoding struct {
	verb, path, body string
	code             int
	want             string
	lines            int
}

var transcodings = []transcoding{
	{"GET", "/v2/shelves/1/books/2", "", 200, `{"name":"shelves/1/books/2"}`, 0},
	{"GET", "/v2/books/atlas", "", 200, `{"name":"atlas"}`, 0},
	{"GET", "/v2/books/two%20words%2Fand%20more", "", 200, `{"name":"two words/and more"}`, 0},
	{"GET", "/v2/rows/7/Odyssey?book.pages=12&book.sequel.title=Ithaca", "", 200, `{"shelfRow":7,"book":{"title":"Odyssey","pages":"12","sequel":{"title":"Ithaca","pages":"0","sequel":null}}}`, 0},
	{"GET", "/v2/shelves/3/books?kind=KIND_ATLAS&kinds=KIND_GUIDE&kinds=1&tags=a&tags=b&lent=true&weight=1.5&number=18446744073709551615", "", 200,
		`{"parent":"shelves/3","kind":"KIND_ATLAS","kinds":["KIND_GUIDE","KIND_ATLAS"],"tags":["a","b"],"lent":true,"weight":1.5,"number":"18446744073709551615"}`, 0},
	{"GET", "/v2/shelves/3/books?printed=2026-05-04T03:02:01.5Z&loan=3.5s&mask=shelf_row,book.title&known=false&remark=so&extra=%7B%22a%22:1%7D&cover=aGk%3D&desk=4", "", 200,
		`{"printed":"2026-05-04T03:02:01.500Z","loan":"3.500s","mask":"shelfRow,book.title","known":false,"remark":"so","extra":{"a":1},"cover":"aGk=","desk":4}`, 0},
	{"GET", "/v2/shelves/3/books?shelf_row=1&shelfRow=1", "", 200, `{"shelfRow":1}`, 0},
	{"POST", "/v2/shelves/3/books?tags=new", `{"title":"New","pages":3}`, 200, `{"title":"New","pages":"3","sequel":null}`, 0},
	{"PUT", "/v2/shelves/3/books", `[{"title":"A"},{"title":"B"}]`, 200, `[{"title":"A","pages":"0","sequel":null},{"title":"B","pages":"0","sequel":null}]`, 0},
	{"PATCH", "/v2/shelves/1/books/2", `{"name":"another","counts":{"a":1},"person":"me"}`, 200, `{"name":"shelves/1/books/2","counts":{"a":1},"person":"me"}`, 0},
	{"DELETE", "/v2/shelves/1/books/2", "", 200, `{"name":"shelves/1/books/2"}`, 0},
	{"POST", "/v2/shelves/1/books/2:lend", `{"any":{"@type":"type.googleapis.com/library.v1.Book","title":"T"}}`, 200,
		`{"any":{"@type":"type.googleapis.com/library.v1.Book","title":"T","pages":"0","sequel":null}}`, 0},
	{"GET", "/v2/files/a/b/c.txt", "", 200, `{"name":"a/b/c.txt"}`, 0},
	{"SEARCH", "/v2/books?tags=x", "", 200, `{"tags":["x"]}`, 0},
	{"GET", "/v2/shelves/9:watch", "", 200, `{"parent":"shelves/9"}`, 3},
	{"POST", "/v2/books:collect", "{\"name\":\"1\"}\n{\"name\":\"2\"}\n", 200, `{"name":"2"}`, 0},
	{"POST", "/v2/books:talk", "{\"name\":\"1\"}\n{\"name\":\"1\"}\n", 200, `{"name":"1"}`, 6},
	{"POST", "/library.v1.Library/Count", `{"name":"n","kind":2}`, 200, `{"name":"n","kind":"KIND_GUIDE"}`, 0},
	{"POST", "/library.v1.Library/Watch", `{"name":"n"}`, 200, `{"name":"n"}`, 3},

	{"POST", "/library.v1.Library/Fail", `{"number":5}`, 404, `{"code":5,"message":"as you wish"}`, 0},
	{"GET", "/v2/shelves/3/books?nothing=1", "", 400, `{"code":3,"message":"nothing: there is no such field"}`, 0},
	{"GET", "/v2/shelves/3/books?book.nothing=1", "", 400, `{"message":"book.nothing: there is no such field"}`, 0},
	{"GET", "/v2/shelves/3/books?book.pages=x", "", 400, `{"message":"book.pages: \"x\" cannot be read"}`, 0},
	{"GET", "/v2/shelves/3/books?kind=KIND_NONE", "", 400, `{"message":"kind: \"KIND_NONE\" cannot be read"}`, 0},
	{"GET", "/v2/shelves/3/books?lent=1&lent=2", "", 400, `{"code":3}`, 0},
	{"GET", "/v2/shelves/3/books?person=a&desk=2", "", 400, `{"message":"person: desk excludes it"}`, 0},
	{"GET", "/v2/rows/x/y", "", 400, `{"message":"shelf_row: \"x\" cannot be read"}`, 0},
	{"POST", "/v2/shelves/3/books?book.title=x", `{}`, 400, `{"message":"book.title: it comes from the body"}`, 0},
	{"POST", "/v2/shelves/3/books", `{"titel":"x"}`, 400, `{"message":"line 1: book.titel: there is no such field"}`, 0},
	{"POST", "/library.v1.Library/Count", `{"book":{"pages":"many"}}`, 400, `{"message":"line 1: book.pages: \"many\" is not a value of this field"}`, 0},
	{"POST", "/library.v1.Library/Nothing", `{}`, 404, `{"code":5}`, 0},
	{"PUT", "/library.v1.Library/Count", `{}`, 405, `{"code":12}`, 0},
}

func (c transcoding) check(t *testing.T, p *program) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.verb, "http://"+p.http+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.body == "" {
		r.Body = http.NoBody
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{string(body)}
	if c.lines > 0 {
		lines = strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
		if len(lines) != c.lines {
			t.Errorf("%s %s: %d lines, not %d", c.verb, c.path, len(lines), c.lines)
		}
	}
	var want any
	if err := json.Unmarshal([]byte(c.want), &want); err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		var got any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Errorf("%s %s: %v: %s", c.verb, c.path, err, line)
			continue
		}
		if c.lines > 0 {
			got = got.(map[string]any)["result"]
		}
		if res.StatusCode != c.code || !contains(got, want) {
			t.Errorf("%s %s: %d %s, not %d %s", c.verb, c.path, res.StatusCode, line, c.code, c.want)
		}
	}
}

// contains tells whether got has the members of want, or is the same.
func contains(got, want any) bool {
	wanted, isObject := want.(map[string]any)
	object, gotObject := got.(map[string]any)
	if !isObject || !gotObject {
		return reflect.DeepEqual(got, want)
	}
	for name, value := range wanted {
		if !reflect.DeepEqual(object[name], value) {
			return false
		}
	}
	return true
}

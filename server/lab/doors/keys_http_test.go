package doors

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/lab/edgetest"
)

// send makes a request, "POST /path", and returns the answer with its body.
func (p *program) send(t *testing.T, request, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, p.base()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		if name, value, ok := strings.Cut(h, ": "); name == "Host" {
			req.Host = value
		} else if ok {
			req.Header.Add(name, value)
		}
	}
	res, err := http1.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

// status makes a request and checks the status of the answer.
func (p *program) status(t *testing.T, want int, request, body string, headers ...string) {
	t.Helper()
	if res, text := p.send(t, request, body, headers...); res.StatusCode != want {
		t.Errorf("%s with %q: %s %.200s, want %d", request, headers, res.Status, text, want)
	}
}

const oneTrack = `<gpx version="1.1"><trk><trkseg><trkpt lat="1" lon="1"><time>2026-01-01T00:00:00Z</time></trkpt></trkseg></trk></gpx>`

// What of the HTTP port is no call of gRPC, or is one in its own form, takes keys too.
func TestKeysOfTheHTTPPort(t *testing.T) {
	g := startGuarded(t)
	_, viewing := g.key(&routeguidev1.Key{Role: mayView})
	_, writing := g.key(&routeguidev1.Key{Role: mayWrite})
	_, nearby := g.key(&routeguidev1.Key{Role: mayWrite, Limit: &routeguidev1.Key_Area{Area: &routeguidev1.Bounds{Southwest: pb(0, 0), Northeast: pb(1, 1)}}})
	gone, revoked := g.key(&routeguidev1.Key{Role: mayAll})
	g.revoke(gone.Id)
	for _, test := range []struct {
		request, body                                      string
		stranger, useless, view, limited, write, forAdmins int
	}{
		{"GET /", "", 200, 200, 200, 200, 200, 200},
		{"GET /openapi/openapi.json", "", 200, 200, 200, 200, 200, 200},
		{"GET /healthz", "", 200, 200, 200, 200, 200, 200},
		{"GET /readyz", "", 200, 200, 200, 200, 200, 200},
		{"GET /metrics", "", 401, 401, 403, 403, 403, 200},
		{"GET /v1/tiles/0/0/0.mvt", "", 401, 401, 200, 200, 200, 200},
		{"GET /v1/keys", "", 401, 401, 403, 403, 403, 200},
		{"POST /routeguide.v1.KeyService/ListKeys", "{}", 401, 401, 403, 403, 403, 200},
		{"GET /openapi/servers.json", "", 401, 401, 200, 403, 200, 200},
		{"GET /v1/caller", "", 200, 401, 200, 200, 200, 200},
		{"GET /ingest/osmand?id=x&lat=2&lon=2", "", 401, 401, 403, 403, 200, 200},
		{"POST /ingest/owntracks?u=x&d=y", `{"_type":"location","lat":2,"lon":2,"tst":1760000000}`, 401, 401, 403, 403, 200, 200},
		{"PUT /v1/routes:import", oneTrack, 401, 401, 403, 403, 200, 200},
		{"GET /v1/routes/x:export?format=GPX", "", 401, 401, 404, 404, 404, 404},
		{"POST /session", "", 401, 401, 204, 204, 204, 204},
		{"DELETE /session", "", 204, 204, 204, 204, 204, 204},
	} {
		for _, c := range []struct {
			authorization string
			want          int
		}{
			{"", test.stranger}, {"Bearer AAAAAAAAAAAAAAAAAAAAAAAAAA", test.useless}, {revoked, test.useless},
			{viewing, test.view}, {nearby, test.limited}, {writing, test.write}, {g.admin, test.forAdmins},
		} {
			g.status(t, c.want, test.request, test.body, "Authorization: "+c.authorization)
			secret := strings.TrimPrefix(c.authorization, "Bearer ")
			if strings.HasSuffix(test.request, "/session") {
				continue
			}
			g.status(t, c.want, test.request, test.body, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("me:"+secret)))
			if secret != "" {
				g.status(t, c.want, test.request, test.body, "Cookie: a=b; routeguide-key="+secret)
			}
		}
	}
	// Never is a key part of an address.
	secret := strings.TrimPrefix(g.admin, "Bearer ")
	for _, name := range []string{"key", "token", "access_token", "authorization"} {
		if res, text := g.send(t, "GET /v1/notes?"+name+"="+secret, ""); res.StatusCode == http.StatusOK {
			t.Errorf("%s=… in the query: %s", name, text)
		}
	}
	if res, _ := g.send(t, "GET /v1/notes", ""); res.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("401 with the challenge %q, want Bearer", res.Header.Get("WWW-Authenticate"))
	}
}

func TestSessions(t *testing.T) {
	g := startGuarded(t)
	k, authorization := g.key(&routeguidev1.Key{Role: mayWrite, ExpireTime: timestamppb.New(timestamppb.Now().AsTime().Add(1e12))})
	res, _ := g.send(t, "POST /session", "", "Authorization: "+authorization)
	if len(res.Cookies()) != 1 {
		t.Fatalf("the cookies %v, want one", res.Cookies())
	}
	c := res.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.MaxAge < 900 || c.MaxAge > 1000 || c.Path != "/" {
		t.Errorf("the cookie %v", c)
	}
	if res, _ := g.send(t, "POST /session", "", "Authorization: "+authorization, "X-Forwarded-Proto: https"); !res.Cookies()[0].Secure {
		t.Error("the cookie of a session through TLS may leave it")
	}
	if res, _ := g.send(t, "DELETE /session", ""); res.Cookies()[0].MaxAge >= 0 {
		t.Errorf("the cookie that ends a session is %v", res.Cookies()[0])
	}
	cookie, own := "Cookie: "+c.Name+"="+c.Value, "Origin: http://"+g.http
	const create, feature = "POST /v1/features", `{"name":"x","location":{"latitude":1,"longitude":1}}`
	g.status(t, 200, create, feature, cookie, own, "Sec-Fetch-Site: same-origin")
	g.status(t, 200, create, feature, cookie)
	for _, elsewhere := range [][]string{
		{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, {"Origin: https://evil.example"}, {"Origin: null"},
		{"Origin: http://127.0.0.1:1", "Sec-Fetch-Site: same-site"},
	} {
		for _, request := range []string{create, "POST /routeguide.v1.FeatureService/CreateFeature", "POST /session", "DELETE /session"} {
			g.status(t, 403, request, feature, append(elsewhere, cookie, "Content-Type: application/grpc-web+proto", "Authorization: "+authorization)...)
		}
	}
	// Without an Origin, as an image has it: what a GET writes, and what it reads.
	for _, site := range []string{"cross-site", "same-site"} {
		for _, request := range []string{"GET /ingest/osmand?id=x&lat=2&lon=2", "GET /v1/notes", "GET /v1/notes:watch"} {
			g.status(t, 401, request, "", cookie, "Sec-Fetch-Site: "+site)
		}
	}
	// A cookie is that of WebSockets and event streams too, and ends them.
	var open []call
	sent := http.Header{"Cookie": {c.Name + "=" + c.Value}, "Origin": {"http://" + g.http}}
	for _, conn := range []grpc.ClientConnInterface{
		edgetest.WebSocket{Base: g.base(), Header: sent}, edgetest.REST{Base: g.base(), Client: http1, Events: true, Header: sent},
	} {
		v := visitor{t, g.program, door{conn: func(*program) grpc.ClientConnInterface { return conn }}}
		w := v.begin(t.Context(), watchNotes)
		v.ask(w, &routeguidev1.WatchNotesRequest{})
		if err := w.RecvMsg(new(routeguidev1.WatchNotesResponse)); err != nil {
			t.Fatal(err)
		}
		open = append(open, w)
	}
	g.revoke(k.Id)
	for _, w := range open {
		if _, err := rest[routeguidev1.WatchNotesResponse](w); status.Code(err) != codes.Unauthenticated {
			t.Errorf("the stream of a page that was signed out ended with %v", err)
		}
	}
	g.status(t, 401, "GET /v1/notes", "", cookie)
}

// A page elsewhere that is allowed sends no cookie that counts.
func TestAnAllowedOriginHasNoSession(t *testing.T) {
	g := startGuarded(t, "-allow-origin", "https://friend.example")
	secret := strings.TrimPrefix(g.admin, "Bearer ")
	g.status(t, 401, "GET /v1/notes", "", "Origin: https://friend.example", "Cookie: routeguide-key="+secret)
	g.status(t, 200, "GET /v1/notes", "", "Origin: https://friend.example", "Authorization: "+g.admin)
}

// At this machine it needs no key to write, as before, but makes none.
func TestAnAllowedOriginIsAGuest(t *testing.T) {
	p := start(t, "-allow-origin", "*")
	for origin, want := range map[string]int{"http://" + p.http: 200, "https://friend.example": 401, "null": 401} {
		p.status(t, 200, "POST /v1/features", `{"name":"x","location":{"latitude":1,"longitude":1}}`, "Origin: "+origin, "Sec-Fetch-Site: cross-site")
		p.status(t, want, "POST /v1/keys", `{"name":"x","role":"ROLE_ADMIN"}`, "Origin: "+origin)
		p.status(t, want, "GET /metrics", "", "Origin: "+origin)
	}
}

func TestHosts(t *testing.T) {
	p := start(t, "-host", "Map.example.org")
	for host, want := range map[string]int{
		p.http: 200, "localhost": 200, "localhost:1": 200, "map.localhost": 200, "MAP.example.org:443": 200, "map.example.org.": 200,
		"192.0.2.1": 200, "[2001:db8::1]:80": 200,
		"evil.example": 421, "evil.example:80": 421, "map.example.org.evil.example": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421,
	} {
		for _, request := range []string{"GET /", "GET /openapi/", "GET /readyz"} {
			p.status(t, want, request, "", "Host: "+host)
		}
		if want == 421 {
			for _, request := range []string{"GET /v1/notes", "POST /v1/features", "POST /session", "GET /ingest/osmand?id=x&lat=1&lon=1", "GET /v1/tiles/0/0/0.mvt"} {
				p.status(t, want, request, "", "Host: "+host, "Origin: http://"+host)
			}
			p.status(t, want, "POST "+listNotes, "\x00\x00\x00\x00\x00", "Host: "+host, "Content-Type: application/grpc-web+proto")
			p.status(t, want, "GET "+watchNotes, "", "Host: "+host, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Protocol: grpc-websockets")
		}
	}
}

// Who is at this machine needs no key, but others who come through something there, or who have a browser there act for them.
func TestWhoIsLocal(t *testing.T) {
	p := start(t, "-host", "map.example.org")
	const notes = "GET /v1/notes"
	for _, h := range []string{"", "Host: localhost", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Authorization: Bearer of-somebody-else"} {
		p.status(t, 200, notes, "", h)
	}
	for _, h := range []string{
		"X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "Via: 1.1 proxy", "X-Real-IP: 127.0.0.1", "X-Forwarded-Proto: https",
		"Host: map.example.org", "Host: 192.0.2.1", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
	} {
		p.status(t, 401, notes, "", h)
		// Nor can they say so themselves.
		p.status(t, 401, notes, "", h, "Routeguide-Trust: local", "Grpc-Metadata-Routeguide-Trust: local")
	}
	remote := []string{"x-forwarded-for", "192.0.2.1", "routeguide-trust", "local"}
	for name, conn := range map[string]grpc.ClientConnInterface{
		"native": p.conn(), "gRPC-Web": edgetest.Web{Base: p.base(), Client: http1},
		"WebSocket": edgetest.WebSocket{Base: p.base(), Header: http.Header{"X-Forwarded-For": {"192.0.2.1"}}},
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), remote...)
		if _, err := routeguidev1.NewNoteServiceClient(conn).ListNotes(ctx, &routeguidev1.ListNotesRequest{}); status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s: %v for who came through a proxy, want UNAUTHENTICATED", name, err)
		}
	}
}

func TestOpen(t *testing.T) {
	for open, want := range map[string]int{"view": 401, "write": 200} {
		g := startGuarded(t, "-open", open)
		g.status(t, 200, "GET /v1/notes", "")
		g.status(t, want, "GET /ingest/osmand?id=x&lat=1&lon=1", "")
		g.status(t, 401, "GET /v1/keys", "")
		g.status(t, 401, "GET /metrics", "")
		g.status(t, 401, "GET /v1/notes", "", "Authorization: Bearer AAAAAAAAAAAAAAAAAAAAAAAAAA")
	}
}

// The link for an admin is made once.
func TestTheFirstKey(t *testing.T) {
	dir := t.TempDir()
	g := startGuarded(t, "-data", dir)
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	p := start(t, "-data", dir, "-http-addr", "0.0.0.0:0")
	p.http = strings.Replace(p.http, "[::]", "127.0.0.1", 1)
	p.status(t, 200, "GET /v1/keys", "", "Authorization: "+g.admin)
	if strings.Contains(p.out.String(), "#key=") {
		t.Errorf("there is a second link:\n%s", p.out)
	}
	for { // that it was used is stored beside the call
		if _, keys := p.send(t, "GET /v1/keys", "", "Authorization: "+g.admin); strings.Contains(keys, `"lastUseTime":"20`) {
			break
		}
	}
}

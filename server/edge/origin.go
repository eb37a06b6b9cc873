package edge

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"routeguide/server/edge/exchange"
	"routeguide/server/edge/wire"
)

// exposed are the headers of an answer that a page from elsewhere may read.
var exposed = append(slices.Clone(wire.ResponseMetadata), "grpc-status", "grpc-message", "grpc-status-details-bin")

// origins is the rule for requests that say which web page they come from.
type origins struct {
	any     bool
	allowed []string // scheme://host, in lower case, without a default port
}

func parseOrigins(list []string) (origins, error) {
	var o origins
	for _, s := range list {
		if s == "*" {
			o.any = true
			continue
		}
		u, ok := parseOrigin(s)
		if !ok {
			return o, fmt.Errorf("edge: %q is not an origin such as https://example.com", s)
		}
		o.allowed = append(o.allowed, u.Scheme+"://"+u.Host)
	}
	return o, nil
}

// parseOrigin reads scheme://host[:port] and drops a port that goes without saying.
func parseOrigin(s string) (*url.URL, bool) {
	u, err := url.Parse(strings.ToLower(s))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") ||
		u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, false
	}
	u.Host = withoutDefaultPort(u.Host, u.Scheme)
	return u, true
}

func withoutDefaultPort(host, scheme string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// same tells whether origin is the host that r was sent to. The scheme is not compared: behind a proxy that ends TLS it
// cannot be known.
func (o origins) same(origin *url.URL, r *http.Request) bool {
	return origin.Host == withoutDefaultPort(strings.ToLower(r.Host), origin.Scheme)
}

// admit lets a request on, or answers it: a preflight with what is allowed, a foreign origin with 403.
func (o origins) admit(w http.ResponseWriter, r *http.Request) bool {
	values := r.Header["Origin"]
	if len(values) == 0 {
		return true
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin, ok := parseOrigin(values[0])
	ok = ok && len(values) == 1
	if ok && o.same(origin, r) {
		return true
	}
	if !o.any && !(ok && slices.Contains(o.allowed, origin.Scheme+"://"+origin.Host)) {
		exchange.Refuse(w, http.StatusForbidden, "This origin is not allowed here. The server's flag -allow-origin adds one.")
		return false
	}
	h.Set("Access-Control-Allow-Origin", values[0])
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		h.Set("Access-Control-Expose-Headers", strings.Join(exposed, ", "))
		return true
	}
	h.Add("Vary", "Access-Control-Request-Headers")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
	h.Set("Access-Control-Allow-Headers", strings.Join(r.Header.Values("Access-Control-Request-Headers"), ", "))
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return false
}

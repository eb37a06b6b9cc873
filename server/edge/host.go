package edge

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"routeguide/server/edge/exchange"
	"routeguide/server/refusal"
)

// hosts is the rule for the name under which a browser believes to reach us. A page elsewhere whose name is made to lead here,
// so that our answers become its own, is refused by that name. An IP address cannot be made to lead elsewhere.
type hosts struct {
	any   bool
	names []string // in lower case
}

func parseHosts(names []string) hosts {
	h := hosts{any: names == nil}
	for _, n := range names {
		h.names = append(h.names, strings.ToLower(strings.TrimSuffix(n, ".")))
	}
	return h
}

// admit lets a request on, or answers it with 421.
func (h hosts) admit(w http.ResponseWriter, r *http.Request) bool {
	name, addr := hostOf(r)
	if h.any || addr.IsValid() || name == "" || isLocalName(name) || slices.Contains(h.names, name) {
		return true
	}
	exchange.Refuse(w, http.StatusMisdirectedRequest, "This server does not know itself as "+refusal.Cut(name)+". Its flag -host adds a name.")
	return false
}

// hostOf returns the name that r was sent to, in lower case and without its port, and the address if it is one.
func hostOf(r *http.Request) (name string, addr netip.Addr) {
	name = r.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	addr, _ = netip.ParseAddr(strings.Trim(name, "[]"))
	return strings.ToLower(strings.TrimSuffix(name, ".")), addr
}

// isLocalName tells whether a name is that of this machine to itself.
func isLocalName(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

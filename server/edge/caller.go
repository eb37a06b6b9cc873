package edge

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/edge/exchange"
	"routeguide/server/relay"
)

// cookieName is that of the cookie with a key, for the pages that we serve.
const cookieName = "routeguide-key"

// cookieAge is how long a browser keeps a key that does not expire: as long as browsers do.
const cookieAge = 400 * 24 * time.Hour

// identified returns r as every door takes it: with what is known of its caller in its context, and the key of a cookie as an
// authorization. A cookie counts in requests of our own pages alone.
func (e *Edge) identified(r *http.Request) *http.Request {
	r = r.WithContext(relay.WithTrust(r.Context(), e.trust(r)))
	secret := takeCookie(r)
	if secret != "" && r.Header.Get("Authorization") == "" && e.ofOwnPage(r) {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	return r
}

// trust tells how far who sends r is trusted: not, if it comes through a proxy at this machine, as far as that tells of itself,
// or from a page elsewhere that does not say so.
func (e *Edge) trust(r *http.Request) relay.Trust {
	name, addr := hostOf(r)
	forwarded := slices.ContainsFunc(relay.Forwarded, func(name string) bool { return r.Header.Get(name) != "" })
	switch {
	case !e.local || forwarded || !addr.IsLoopback() && !isLocalName(name):
		return relay.Stranger
	case e.ofOwnPage(r):
		return relay.Local
	case r.Header.Get("Origin") != "": // it was admitted
		return relay.Guest
	}
	return relay.Stranger
}

// ofOwnPage tells whether r was made by a page that we served, as far as a browser tells.
func (e *Edge) ofOwnPage(r *http.Request) bool {
	origin, ok := parseOrigin(r.Header.Get("Origin"))
	return ofOwnSite(r) && (r.Header.Get("Origin") == "" || ok && e.origins.same(origin, r))
}

// ofOwnSite tells of what the browser says about the page that made r, if it says anything.
func ofOwnSite(r *http.Request) bool {
	return slices.Contains([]string{"", "same-origin", "none"}, r.Header.Get("Sec-Fetch-Site"))
}

// takeCookie returns the key in the cookies of r, and takes it out: it is nobody else's.
func takeCookie(r *http.Request) (secret string) {
	cookies := r.Cookies()
	if !slices.ContainsFunc(cookies, isKey) {
		return ""
	}
	r.Header.Del("Cookie")
	for _, c := range cookies {
		if isKey(c) {
			secret = c.Value
		} else {
			r.AddCookie(c)
		}
	}
	return secret
}

func isKey(c *http.Cookie) bool { return c.Name == cookieName }

// caller returns what who made r may do; its error is for a key that is of no use.
func (e *Edge) caller(r *http.Request) (*routeguidev1.Caller, error) {
	if e.who == nil {
		return &routeguidev1.Caller{Role: routeguidev1.Role_ROLE_ADMIN}, nil
	}
	trust, _ := relay.TrustOf(r.Context())
	return e.who(r.Header.Get("Authorization"), trust)
}

// mayWrite tells whether an agent has a key to write. What it may do without one, at this machine, it is not offered.
func (e *Edge) mayWrite(ctx context.Context, header http.Header) bool {
	if e.who == nil {
		return false
	}
	trust, _ := relay.TrustOf(ctx)
	who, err := e.who(header.Get("Authorization"), trust)
	return err == nil && who.Key != nil && who.Role >= routeguidev1.Role_ROLE_WRITE
}

// admitted returns who made r, if they have a role, and no key that is limited to less than the whole map, or to an area where that
// is good too. Else it answers why not.
func (e *Edge) admitted(w http.ResponseWriter, r *http.Request, role routeguidev1.Role, area bool) *routeguidev1.Caller {
	who, err := e.caller(r)
	switch {
	case err != nil:
		refuseKey(w, err)
	case who.Role < role && who.Key == nil:
		refuseKey(w, status.Error(codes.Unauthenticated, "a key is required"))
	case who.Role < role || who.Key.GetLimit() != nil && !(area && who.Key.GetArea() != nil):
		exchange.Refuse(w, http.StatusForbidden, "The key does not allow this.")
	default:
		return who
	}
	return nil
}

func refuseKey(w http.ResponseWriter, err error) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	exchange.Refuse(w, http.StatusUnauthorized, status.Convert(err).Message())
}

// session signs a browser in: POST makes a cookie of the key that it is sent as an authorization, DELETE deletes it.
func (e *Edge) session(w http.ResponseWriter, r *http.Request) {
	cookie := &http.Cookie{
		Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
	w.Header().Set("Cache-Control", "no-store")
	switch r.Method {
	case http.MethodDelete:
	case http.MethodPost:
		scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		who, err := e.caller(r)
		if err == nil && (who.Key == nil || !strings.EqualFold(scheme, "Bearer")) {
			err = status.Error(codes.Unauthenticated, "the header Authorization has no key: Bearer, and the key after a space")
		}
		if err != nil {
			refuseKey(w, err)
			return
		}
		age := cookieAge
		if t := who.Key.GetExpireTime(); t != nil {
			age = min(age, time.Until(t.AsTime()))
		}
		cookie.Value, cookie.MaxAge = strings.TrimSpace(secret), max(1, int(age.Seconds()))
	default:
		w.Header().Set("Allow", "POST, DELETE")
		exchange.Refuse(w, http.StatusMethodNotAllowed, "Only POST and DELETE are possible here.")
		return
	}
	http.SetCookie(w, cookie)
	w.WriteHeader(http.StatusNoContent)
}

package rest

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
)

// A probe asks the gateway whether it has a path, without a call.
type probe struct{ found bool }

type probeKey struct{}

func probeOf(r *http.Request) *probe {
	p, _ := r.Context().Value(probeKey{}).(*probe)
	return p
}

// answerProbe stands before every handler of the gateway.
func answerProbe(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		if p := probeOf(r); p != nil {
			p.found = true
			return
		}
		next(w, r, params)
	}
}

// allowed are the methods that a path has, as the header Allow lists them; "" if it has none.
func allowed(mux *runtime.ServeMux, r *http.Request) string {
	var all []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		p := new(probe)
		ask := r.WithContext(context.WithValue(r.Context(), probeKey{}, p))
		ask.Method, ask.Body = method, http.NoBody
		mux.ServeHTTP(nobody{}, ask)
		if p.found {
			all = append(all, method)
		}
	}
	switch {
	case len(all) == 0:
		return ""
	case all[0] == http.MethodGet:
		all = slices.Insert(all, 1, http.MethodHead)
	case isImport(r.URL.Path):
		all = append(all, http.MethodPut)
	}
	return strings.Join(append(all, http.MethodOptions), ", ")
}

// nobody is who a probe answers.
type nobody struct{}

func (nobody) Header() http.Header         { return http.Header{} }
func (nobody) Write(b []byte) (int, error) { return len(b), nil }
func (nobody) WriteHeader(int)             {}

package edge

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"routeguide/server/edge/exchange"
	"routeguide/server/schema"
)

// The documents of other servers are made when they are asked for, from what the servers say of themselves then.
const (
	documentList   = "/openapi/servers.json" // [{"name": …, "url": …}]
	documentPrefix = "/openapi/servers/"
)

func isDescription(path string) bool {
	return path == documentList || strings.HasPrefix(path, documentPrefix)
}

// describe answers with the list of the other servers, or with the document of one.
func (e *Edge) describe(w http.ResponseWriter, r *http.Request) {
	others := slices.DeleteFunc(e.schemas(r.Context()), func(s *schema.Schema) bool { return s.Name == "" })
	name, isOne := strings.CutPrefix(r.URL.Path, documentPrefix)
	if !isOne {
		type entry struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		}
		list := []entry{}
		for _, s := range others {
			list = append(list, entry{s.Name, documentPrefix + url.PathEscape(s.Name) + ".json"})
		}
		writeJSON(w, list)
		return
	}
	for _, s := range others {
		if s.Name+".json" != name {
			continue
		}
		document, err := schema.OpenAPI(s)
		if err != nil {
			e.log.Error("a server could not be described", "server", s.Name, "err", err)
			exchange.Refuse(w, http.StatusInternalServerError, "The document could not be made.")
			return
		}
		writeJSON(w, json.RawMessage(document))
		return
	}
	http.NotFound(w, r)
}

func writeJSON(w http.ResponseWriter, v any) {
	var out bytes.Buffer
	in := json.NewEncoder(&out)
	in.SetIndent("", "  ")
	_ = in.Encode(v) // it is made of maps, texts and numbers
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(out.Bytes())
}

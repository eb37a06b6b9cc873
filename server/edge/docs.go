package edge

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle []byte

var docsTemplate = template.Must(template.New("docs").Parse(docsPage))

// addDocs puts the API documents under /openapi/ and, unless the page brings a browser for them, a plain list.
func addDocs(to files, swagger, document []byte) error {
	to.add("openapi/swagger.json", swagger)
	to.add("openapi/openapi.json", document)
	if _, ok := to.all["/openapi/index.html"]; ok {
		return nil
	}
	var doc struct {
		Info  struct{ Title, Description string }
		Paths map[string]map[string]docsOperation
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return fmt.Errorf("edge: read the OpenAPI document: %w", err)
	}
	var list []docsOperation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op := doc.Paths[path][method]
			op.Method, op.Path = strings.ToUpper(method), path
			list = append(list, op)
		}
	}
	var page bytes.Buffer
	err := docsTemplate.Execute(&page, map[string]any{"Info": doc.Info, "Operations": list})
	if err != nil {
		return fmt.Errorf("edge: list the API: %w", err)
	}
	to.add("openapi/index.html", page.Bytes())
	to.add("openapi/docs.css", docsStyle)
	return nil
}

type docsOperation struct {
	Method, Path         string
	Summary, Description string
	Parameters           []struct{ Name, In, Description string }
}

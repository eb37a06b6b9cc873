package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/edge/exchange"
)

// mimeFile is what the gateway knows downloads by; no client sees it.
const mimeFile = "application/x-routeguide-file"

// media are the formats of an exported route as HTTP names them, and as files end.
var media = map[routeguidev1.RouteFormat]struct{ mime, ending string }{
	routeguidev1.RouteFormat_ROUTE_FORMAT_GPX:     {"application/gpx+xml", "gpx"},
	routeguidev1.RouteFormat_ROUTE_FORMAT_GEOJSON: {"application/geo+json", "geojson"},
	routeguidev1.RouteFormat_ROUTE_FORMAT_KML:     {"application/vnd.google-earth.kml+xml", "kml"},
}

// download has the answer to a request for an exported route be the file itself, if it is one and its format is known.
func download(in *request, r *http.Request, res *exchange.Response) {
	id, isRoute := strings.CutPrefix(r.URL.Path, "/v1/routes/")
	id, isExport := strings.CutSuffix(id, ":export")
	if r.Method != http.MethodGet || !isRoute || !isExport {
		return
	}
	query := r.URL.Query()
	format := formatOf(query.Get("format"))
	file, known := media[format]
	if !known {
		return
	}
	query.Set("format", format.String())
	r.URL.RawQuery = query.Encode()
	r.Header["Accept"] = []string{mimeFile}
	res.StreamType = file.mime
	in.download = fmt.Sprintf(`attachment; filename="route-%s.%s"`, safe(id), file.ending)
}

// formatOf is the format that a text names, in full or as `gpx`.
func formatOf(text string) routeguidev1.RouteFormat {
	const prefix = "ROUTE_FORMAT_"
	name := prefix + strings.TrimPrefix(strings.ToUpper(text), prefix)
	if format, ok := routeguidev1.RouteFormat_value[name]; ok {
		return routeguidev1.RouteFormat(format)
	}
	number, _ := strconv.ParseInt(text, 10, 32)
	return routeguidev1.RouteFormat(number)
}

// safe is a text as a file may be called on every system: letters and digits of it.
func safe(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, text[:min(len(text), 40)])
}

var errTorn = errors.New("the file cannot be ended with an error")

// fileMarshaler writes the data of a stream's messages as it is.
type fileMarshaler struct{ marshaler }

// Delimiter is nothing.
func (fileMarshaler) Delimiter() []byte { return nil }

// Marshal returns the bytes of a message. An error that stands for the whole answer is JSON; one that comes after a part of the
// file has no place in it: the connection is cut off.
func (f fileMarshaler) Marshal(v any) ([]byte, error) {
	switch v := v.(type) {
	case proto.Message:
		return f.appendJSON(nil, v)
	case map[string]any:
		if m, ok := v["result"].(interface{ GetData() []byte }); ok {
			return m.GetData(), nil
		}
	}
	return nil, errTorn
}

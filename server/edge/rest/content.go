package rest

import (
	"mime"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/refusal"
)

// checkContent refuses a body that is compressed, or that says to be something else than what can be read here. What curl
// says when it is not told better is taken for JSON.
func checkContent(answer http.Header, r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return nil
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		answer.Set("Accept-Encoding", "identity")
		return unsupported("a body with the encoding %q cannot be read here; send it as it is", coding)
	}
	said := r.Header.Get("Content-Type")
	if said == "" || uploadOf(r) == file {
		return nil
	}
	media, _, _ := mime.ParseMediaType(said)
	switch media {
	case mimeJSON, mimeLines, "application/x-www-form-urlencoded":
		return nil
	}
	if strings.HasSuffix(media, "+json") {
		return nil
	}
	return unsupported("the content type %q cannot be read here; send "+mimeJSON+", or "+mimeLines+" for a stream", said)
}

func unsupported(format, said string) error {
	return &runtime.HTTPStatusError{
		HTTPStatus: http.StatusUnsupportedMediaType,
		Err:        status.Errorf(codes.InvalidArgument, format, refusal.Cut(said)),
	}
}

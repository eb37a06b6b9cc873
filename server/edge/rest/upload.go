package rest

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	uploadBytes = 64 << 10 // of a file become one message
	clearBytes  = 512      // are looked at to tell a file from messages
)

// An upload says what the body of a request is.
type upload int

const (
	messages upload = iota // JSON
	file                   // the bytes of a file
	unclear                // a file, unless it begins as the messages do that a file may also come in
)

// uploadOf tells what the body of a request for an import is. curl -T sends a PUT.
func uploadOf(r *http.Request) upload {
	if r.Method != http.MethodPost && r.Method != http.MethodPut || !isImport(r.URL.Path) {
		return messages
	}
	switch media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media {
	case mimeLines:
		return messages
	case mimeJSON:
		return unclear
	}
	return file
}

func isImport(path string) bool { return path == "/v1/routes:import" || path == "/v1/features:import" }

// uploadDecoder makes messages with a field `data` of the bytes of a file.
type uploadDecoder struct {
	request *request
	buffer  []byte // of what is read
	ahead   []byte // what was read to see whether it is a file
	json    *decoder
}

// Decode reads the next bytes; io.EOF says that there are none.
func (d *uploadDecoder) Decode(v any) error {
	if d.request.upload == unclear {
		if err := d.request.guard(d.clear); err != nil {
			return err
		}
	}
	if d.json != nil {
		return d.json.Decode(v)
	}
	return d.request.guard(func() error {
		data := d.ahead
		d.ahead = nil
		if len(data) == 0 {
			n, err := d.request.readFile(d.buffer)
			if n == 0 && err != nil {
				return err
			}
			data = d.buffer[:n]
		}
		m := v.(proto.Message).ProtoReflect()
		m.Set(m.Descriptor().Fields().ByName("data"), protoreflect.ValueOfBytes(data))
		return nil
	})
}

// clear reads as much as it takes to tell messages from a file: their first member is `data`, which no file's is.
func (d *uploadDecoder) clear() error {
	const member = `"data"`
	for {
		n, err := d.request.readFile(d.buffer[len(d.ahead):clearBytes])
		d.ahead = d.buffer[:len(d.ahead)+n]
		rest, open := bytes.CutPrefix(bytes.TrimSpace(d.ahead), []byte("{"))
		rest = bytes.TrimSpace(rest)
		switch {
		case open && bytes.HasPrefix(rest, []byte(member)):
			d.request.upload = messages
			d.json = newDecoder(io.MultiReader(bytes.NewReader(bytes.Clone(d.ahead)), d.request), d.request)
			d.request.lines = d.json.in
			return nil
		case err == nil && len(d.ahead) < clearBytes && (len(bytes.TrimSpace(d.ahead)) == 0 || open && strings.HasPrefix(member, string(rest))):
			continue
		}
		d.request.upload = file
		if err == io.EOF {
			return nil // it comes again
		}
		return err
	}
}

// readFile reads the body as it comes. However long all of it takes, some of it has to arrive in time.
func (r *request) readFile(p []byte) (int, error) {
	r.body.MustArrive()
	n, err := r.body.Read(p)
	r.body.MayBeSilent()
	if err != nil && err != io.EOF {
		err = status.Errorf(codes.Canceled, "the request broke off: %v", err)
	}
	return n, err
}

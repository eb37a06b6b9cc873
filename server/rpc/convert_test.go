package rpc

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	routeguidepb "routeguide/proto/routeguide"
)

// Whatever the metadata: a name that is taken can be shown, and a secret that is taken is long enough.
func FuzzMetadata(f *testing.F) {
	f.Add("Ada", strings.Repeat("s", 22), "0")
	f.Add("Zo%C3%AB", "a b", "-1")
	f.Add("%", strings.Repeat("x", 65), "99999999999")
	f.Fuzz(func(t *testing.T, name, secret, notes string) {
		ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs(mdTraveler, name, mdResume, secret, mdChatNotes, notes))
		if who, err := travelerName(ctx); err == nil && strings.ContainsAny(who, "\n\r\x00") {
			t.Errorf("the name %q is taken", who)
		}
		if r, err := resumeToken(ctx); err == nil && (len(r.token) < 22 || r.hash == [32]byte{} || secret != "" && r.token != secret) {
			t.Errorf("the secret %q is taken as %q", secret, r.token)
		}
		if n, given, err := chatNotes(ctx); err == nil && given != (notes != "") {
			t.Errorf("the number %q is taken as %d, %v", notes, n, given)
		}
	})
}

func FuzzUndecoded(f *testing.F) {
	f.Add([]byte("\x0a\x00\x12\x02\xff\xfe"))
	f.Add([]byte("\x0a\x02\x08\x01\x12\x01a"))
	d := new(routeguidepb.RouteNote).ProtoReflect().Descriptor()
	f.Fuzz(func(t *testing.T, data []byte) {
		if proto.Unmarshal(data, new(routeguidepb.RouteNote)) == nil {
			if field := notUTF8(d, data); field != "" {
				t.Errorf("%x is a note, but its field %s is not UTF-8", data, field)
			}
		}
	})
}

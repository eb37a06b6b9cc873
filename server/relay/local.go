package relay

import (
	"context"

	"google.golang.org/grpc/metadata"
)

// localName is metadata of a connection in memory. Who opens one says in each call whether its caller is somebody at this
// machine; nobody else can, since no network leads there.
const localName = "routeguide-local"

// Forwarded are headers by which a proxy says that it passes on what somebody else has sent.
var Forwarded = []string{"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"}

type localKey struct{}

// WithLocal returns ctx with what is known of who calls: whether it is somebody at this machine.
func WithLocal(ctx context.Context, local bool) context.Context {
	return context.WithValue(ctx, localKey{}, local)
}

// Local returns what WithLocal said, and whether it did.
func Local(ctx context.Context) (local, said bool) {
	local, said = ctx.Value(localKey{}).(bool)
	return local, said
}

// TellLocal returns ctx for a call over a connection in memory, with the metadata that says what WithLocal said: that the
// caller is not at this machine, if nothing. Whatever a client sent under that name is gone.
func TellLocal(ctx context.Context) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	if md == nil {
		md = metadata.MD{}
	}
	delete(md, localName)
	if local, _ := Local(ctx); local {
		md.Set(localName, "1")
	}
	return metadata.NewOutgoingContext(ctx, md)
}

// ToldLocal returns what TellLocal said about a call that came over a connection in memory.
func ToldLocal(ctx context.Context) bool {
	return len(metadata.ValueFromIncomingContext(ctx, localName)) == 1
}

// Forget takes what TellLocal said out of metadata.
func Forget(md metadata.MD) { delete(md, localName) }

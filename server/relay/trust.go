package relay

import (
	"context"

	"google.golang.org/grpc/metadata"
)

// A Trust is how far a caller is trusted without a key, because of where the call comes from.
type Trust string

// What a caller may be.
const (
	Stranger Trust = ""
	Guest    Trust = "guest" // a page of another origin that was allowed, in a browser at this machine
	Local    Trust = "local" // somebody at this machine
)

// Forwarded are headers by which a proxy says that it passes on what somebody else has sent.
var Forwarded = []string{"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"}

// trustName is metadata of a connection in memory, by which who opens one tells of each call how far its caller is trusted. Nobody
// else can, since no network leads there.
const trustName = "routeguide-trust"

type trustKey struct{}

// WithTrust returns ctx with how far who calls is trusted.
func WithTrust(ctx context.Context, t Trust) context.Context {
	return context.WithValue(ctx, trustKey{}, t)
}

// TrustOf returns what WithTrust said, and whether it did.
func TrustOf(ctx context.Context) (t Trust, said bool) {
	t, said = ctx.Value(trustKey{}).(Trust)
	return t, said
}

// TellTrust returns ctx for a call over a connection in memory, with what WithTrust said in its metadata: a Stranger, if nothing.
// Whatever a client sent under that name is gone.
func TellTrust(ctx context.Context) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	if md == nil {
		md = metadata.MD{}
	}
	t, _ := TrustOf(ctx)
	md.Set(trustName, string(t))
	return metadata.NewOutgoingContext(ctx, md)
}

// ToldTrust returns what TellTrust said of a call that came over a connection in memory.
func ToldTrust(ctx context.Context) Trust {
	if told := metadata.ValueFromIncomingContext(ctx, trustName); len(told) == 1 {
		return Trust(told[0])
	}
	return Stranger
}

// ForgetTrust takes what TellTrust said out of metadata.
func ForgetTrust(md metadata.MD) { delete(md, trustName) }

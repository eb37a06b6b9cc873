package relay

import (
	"context"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// DoorName is metadata of a connection in memory: the door that a call came to. Nobody else can say it, since no network leads
// there.
const DoorName = "routeguide-door"

type doorKey struct{}

// WithDoor returns ctx for a call that came to a door.
func WithDoor(ctx context.Context, door string) context.Context {
	return context.WithValue(ctx, doorKey{}, door)
}

// TellDoor returns ctx for the same call over a connection in memory. Whatever a client sent under that name is gone.
func TellDoor(ctx context.Context) context.Context {
	door, _ := ctx.Value(doorKey{}).(string)
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	if md == nil {
		md = metadata.MD{}
	}
	md.Set(DoorName, door)
	return metadata.NewOutgoingContext(ctx, md)
}

// DoorOf returns the door that a call of the server came to: that of WithDoor, "memory" for one of this process, or "grpc".
func DoorOf(ctx context.Context) string {
	if door, ok := ctx.Value(doorKey{}).(string); ok {
		return door
	}
	if p, ok := peer.FromContext(ctx); !ok || p.Addr.Network() != "bufconn" {
		return "grpc"
	}
	if told := metadata.ValueFromIncomingContext(ctx, DoorName); len(told) == 1 && told[0] != "" {
		return told[0]
	}
	return "memory"
}

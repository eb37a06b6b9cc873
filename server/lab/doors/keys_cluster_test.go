package doors

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	routeguidev1 "routeguide/proto/routeguide/v1"
	"routeguide/server/lab/natstest"
)

// A key that one process made lets people in at another, which ends their streams when it is revoked at the first. There is one
// link for an admin.
func TestKeysOnACluster(t *testing.T) {
	c := natstest.Start(t)
	p := startGuarded(t, "-nats-url", c.URL())
	q := p
	q.program = start(t, "-nats-url", c.URL(), "-grpc-addr", "0.0.0.0:0", "-http-addr", "0.0.0.0:0")
	k, authorization := p.key(&routeguidev1.Key{Role: mayView})
	v := visitor{t, q.program, doors[0]}
	c.Await("the key to be known", func() error {
		return v.unary(listNotes, &routeguidev1.ListNotesRequest{}, new(routeguidev1.ListNotesResponse), "authorization", authorization)
	})
	open := v.begin(t.Context(), watchNotes, "authorization", authorization)
	v.ask(open, &routeguidev1.WatchNotesRequest{})
	if err := open.RecvMsg(new(routeguidev1.WatchNotesResponse)); err != nil {
		t.Fatal(err)
	}
	p.revoke(k.Id)
	if _, err := rest[routeguidev1.WatchNotesResponse](open); status.Code(err) != codes.Unauthenticated {
		t.Errorf("the stream at the other process ended with %v, want UNAUTHENTICATED", err)
	}
	all, err := routeguidev1.NewKeyServiceClient(q.conn()).ListKeys(as(t.Context(), p.admin), &routeguidev1.ListKeysRequest{})
	if err != nil || len(all.Keys) != 2 || all.Keys[0].RevokeTime == nil {
		t.Errorf("the other process lists %v, %v", all, err)
	}
}

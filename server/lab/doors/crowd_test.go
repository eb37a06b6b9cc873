package doors

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	routeguidepb "routeguide/proto/routeguide"
)

// Hundreds of chats begin at one place at the same time. Each is sent each note of the others once, and a client who asks
// for a feature meanwhile is answered.
func TestManyChatsAtOnePlace(t *testing.T) {
	const chats, connections = 400, 8
	p := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stop := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		guide := routeguidepb.NewRouteGuideClient(p.dial())
		answered, slowest := 0, time.Duration(0)
		for {
			select {
			case <-stop:
				t.Logf("%d features were answered, the slowest after %v", answered, slowest)
				if answered == 0 {
					t.Error("no other call was answered")
				}
				return
			default:
			}
			began := time.Now()
			if _, err := guide.GetFeature(ctx, pb(409146138, -746188906)); err != nil {
				t.Error(err)
				return
			}
			answered, slowest = answered+1, max(slowest, time.Since(began))
		}
	})

	var lines [connections]*grpc.ClientConn
	for i := range lines {
		lines[i] = p.dial()
	}
	var wg sync.WaitGroup
	var told atomic.Int64
	for i := range chats {
		wg.Go(func() {
			stream, err := routeguidepb.NewRouteGuideClient(lines[i%connections]).RouteChat(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			mine := fmt.Sprint(i)
			if err := stream.Send(&routeguidepb.RouteNote{Location: pb(1, 1), Message: mine}); err != nil {
				t.Error(err)
				return
			}
			heard := map[string]bool{mine: true}
			for len(heard) < chats {
				n, err := stream.Recv()
				if err != nil {
					t.Error(errors.Join(fmt.Errorf("chat %d heard %d", i, len(heard)), err))
					return
				}
				if heard[n.Message] {
					t.Errorf("chat %d heard %q twice, or its own", i, n.Message)
					return
				}
				heard[n.Message] = true
				told.Add(1)
			}
		})
	}
	wg.Wait()
	close(stop)
	asking.Wait()
	if want := int64(chats * (chats - 1)); told.Load() != want {
		t.Errorf("%d notes were told, want %d", told.Load(), want)
	}
}

package store_test

import (
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	logv1 "routeguide/proto/routeguide/log/v1"
	"routeguide/server/feature"
	"routeguide/server/lab/natstest"
	"routeguide/server/note"
	"routeguide/server/route"
	"routeguide/server/store"
)

var randomChanges = flag.Int("changes", 100_000, "random changes that TestSameRows applies")

// kinds make random changes of a kind each.
var kinds = []func(*rand.Rand) *logv1.Change{
	contactItem, noteWritten, noteWritten, noteDeleted, routeBegun, routeExtended, routeExtended, tracksForgotten, routeUpdated, routeDeleted,
	fixesReported, routesAbandoned, featuresAdded, featureUpdated, featureUpdated, featureDeleted,
}

func allBooks(st *store.Store) {
	note.New(st, note.Options{})
	route.New(st, route.Options{})
	feature.New(st, feature.Default())
}

// contactItem is a new item, one that was there before, one that is refused or one that panics.
func contactItem(r *rand.Rand) *logv1.Change {
	item := &logv1.ContactItem{Id: binary.BigEndian.AppendUint64(nil, r.Uint64N(50_000)), Time: r.Int64(), Text: fmt.Sprint("text ", r.Uint64())}
	switch r.IntN(10_000) {
	case 0, 1, 2:
		item.Text = "rude"
	case 3:
		item.Text = "panic"
	}
	return &logv1.Change{Book: &logv1.Change_Contact{Contact: &logv1.ContactChange{Kind: &logv1.ContactChange_Item{Item: item}}}}
}

// among returns one of n keys, so that changes meet what others did.
func among(r *rand.Rand, n int) []byte {
	sum := sha256.Sum256([]byte{byte(r.IntN(n))})
	return sum[:]
}

func place(r *rand.Rand) (latitude, longitude int32) {
	return r.Int32N(20) * 10_000_000, r.Int32N(20) * 10_000_000
}

func noteWritten(r *rand.Rand) *logv1.Change {
	chat := among(r, 100)
	written := &logv1.NoteWritten{
		Chat: chat, ChatId: fmt.Sprintf("%x", chat[:8]), Number: noteNumber[chat[0]], Time: r.Int64(),
		Traveler: fmt.Sprint("traveler ", r.IntN(9)), Message: fmt.Sprint("message ", r.Uint64()), PlaceLimit: r.Uint64N(3) * 100,
	}
	if noteNumber[chat[0]]++; r.IntN(20) == 0 { // one that is there, with another text, or that leaves some out
		written.Number = r.Uint32N(200)
	}
	written.Latitude, written.Longitude = place(r)
	return &logv1.Change{Book: &logv1.Change_Note{Note: &logv1.NoteChange{Kind: &logv1.NoteChange_Written{Written: written}}}}
}

// noteDeleted is of a note that is there, was deleted before or never was; one in ten is another's.
func noteDeleted(r *rand.Rand) *logv1.Change {
	chat := among(r, 100)
	deleted := &logv1.NoteDeleted{Chat: chat, ChatId: fmt.Sprintf("%x", chat[:8]), Number: r.Uint32N(noteNumber[chat[0]] + 1)}
	if r.IntN(10) == 0 {
		deleted.Chat = among(r, 100)
	}
	return &logv1.Change{Book: &logv1.Change_Note{Note: &logv1.NoteChange{Kind: &logv1.NoteChange_Deleted{Deleted: deleted}}}}
}

// noteNumber and nextPoint are what comes next in a chat and a route, unless a change was refused or overtaken; clock is what
// time it is on a device.
var (
	noteNumber, nextPoint [256]uint32
	clock                 [256]int64
)

func routeChange(c *logv1.RouteChange) *logv1.Change {
	return &logv1.Change{Book: &logv1.Change_Route{Route: c}}
}

func routeBegun(r *rand.Rand) *logv1.Change {
	token := among(r, 100)
	return routeChange(&logv1.RouteChange{Kind: &logv1.RouteChange_Begun{Begun: &logv1.RouteBegun{
		Token: token, RouteId: fmt.Sprintf("%x", token[:8]), Call: among(r, 2)[:16], Traveler: fmt.Sprint("traveler ", r.IntN(9)), Time: r.Int64N(1e13),
	}}})
}

func routeExtended(r *rand.Rand) *logv1.Change {
	token, n := among(r, 100), 1+r.IntN(20)
	points, steps := &logv1.Points{}, []uint64(nil)
	for range n {
		points.Latitude = append(points.Latitude, r.Int32N(1000))
		points.Longitude = append(points.Longitude, r.Int32N(1000))
		points.Time = append(points.Time, r.Int64N(400_000))
		points.Elevation = append(points.Elevation, r.Int32N(200)-100)
		points.Speed = append(points.Speed, r.Int32N(10))
		steps = append(steps, r.Uint64N(1000_000))
	}
	if r.IntN(10) == 0 { // of a version that did not measure them
		points.Elevation, points.Speed, steps = nil, nil, nil
	}
	first := nextPoint[token[0]]
	nextPoint[token[0]] += uint32(n)
	return routeChange(&logv1.RouteChange{Kind: &logv1.RouteChange_Extended{Extended: &logv1.RouteExtended{
		Token: token, Call: among(r, 2)[:16], First: first, Points: points, Steps: steps, Metres: r.Float64() * 1e6, Features: r.Uint32N(9),
		State: logv1.RouteState_ROUTE_STATE_RECORDING + logv1.RouteState(r.IntN(2)*2), Time: r.Int64N(1e13),
	}}})
}

func tracksForgotten(r *rand.Rand) *logv1.Change {
	return routeChange(&logv1.RouteChange{Kind: &logv1.RouteChange_Forgotten{Forgotten: &logv1.TracksForgotten{Before: r.Int64N(1e12)}}})
}

func routeUpdated(r *rand.Rand) *logv1.Change {
	updated := &logv1.RouteUpdated{RouteId: fmt.Sprintf("%x", among(r, 100)[:8]), Id: among(r, 250)[:16]}
	if name := fmt.Sprint("route ", r.Uint64()); r.IntN(2) == 0 {
		updated.Name = &name
	}
	if color := fmt.Sprintf("#%06x", r.IntN(1<<24)); r.IntN(2) == 0 {
		updated.Color = &color
	}
	if hidden := r.IntN(2) == 0; r.IntN(2) == 0 {
		updated.Hidden = &hidden
	}
	return routeChange(&logv1.RouteChange{Kind: &logv1.RouteChange_Updated{Updated: updated}})
}

// fixesReported are some points of a device, now and then late ones or ones that were there.
func fixesReported(r *rand.Rand) *logv1.Change {
	const minute = 60_000
	device := among(r, 30)
	now := &clock[device[0]]
	*now += int64(r.IntN(3 * minute))
	if r.IntN(20) == 0 {
		*now += 40 * minute
	}
	at := *now
	if r.IntN(10) == 0 {
		at = max(0, at-r.Int64N(60*minute))
	}
	points := &logv1.Points{}
	for range 1 + r.IntN(10) {
		points.Latitude = append(points.Latitude, r.Int32N(20_000)-5000)
		points.Longitude = append(points.Longitude, r.Int32N(20_000)-5000)
		points.Time = append(points.Time, at)
		points.Elevation = append(points.Elevation, r.Int32N(200)-100)
		at = r.Int64N(minute) // after the point before
	}
	return routeChange(&logv1.RouteChange{Kind: &logv1.RouteChange_Reported{Reported: &logv1.FixesReported{
		Device: device, Traveler: fmt.Sprint("traveler ", r.IntN(9)), Points: points, Gap: 30 * minute, Rest: 30 * minute, Time: r.Int64N(1e13),
	}}})
}

// routeDeleted is rare enough that most routes live for long.
func routeDeleted(r *rand.Rand) *logv1.Change {
	token := among(r, 100)
	if r.IntN(300) > 0 {
		token = among(r, 250) // mostly of no route
		token[0]++
	}
	return routeChange(&logv1.RouteChange{Kind: &logv1.RouteChange_Deleted{Deleted: &logv1.RouteDeleted{RouteId: fmt.Sprintf("%x", token[:8])}}})
}

func routesAbandoned(r *rand.Rand) *logv1.Change {
	return routeChange(&logv1.RouteChange{Kind: &logv1.RouteChange_Abandoned{Abandoned: &logv1.RoutesAbandoned{Before: r.Int64N(1e13)}}})
}

// featureChange now and then drops what features were before.
func featureChange(r *rand.Rand, c *logv1.FeatureChange) *logv1.Change {
	c.Time, c.PastLimit = r.Int64N(1e13), 500+r.Uint32N(5000)
	return &logv1.Change{Book: &logv1.Change_Feature{Feature: c}}
}

// featureID names a feature that may have been added, or one that a file may have.
func featureID(r *rand.Rand) string {
	if r.IntN(2) == 0 {
		return fmt.Sprint("added", r.IntN(300))
	}
	return fmt.Sprint(r.IntN(20), ",", r.IntN(20))
}

func featuresAdded(r *rand.Rand) *logv1.Change {
	added := new(logv1.FeaturesAdded)
	for range 1 + r.IntN(5) {
		f := &logv1.FeatureAdded{Id: fmt.Sprint("added", r.IntN(300)), Name: fmt.Sprint("feature ", r.Uint64())}
		f.Latitude, f.Longitude = place(r)
		added.Features = append(added.Features, f)
	}
	return featureChange(r, &logv1.FeatureChange{Id: among(r, 250)[:16], Kind: &logv1.FeatureChange_Added{Added: added}})
}

func featureUpdated(r *rand.Rand) *logv1.Change {
	updated := &logv1.FeatureUpdated{Id: featureID(r)}
	for _, field := range []**string{&updated.Name, &updated.Description, &updated.Category, &updated.WebAddress} {
		if r.IntN(2) == 0 {
			*field = new(fmt.Sprint("text ", r.Uint64()))
		}
	}
	if r.IntN(2) == 0 {
		updated.Latitude, updated.Longitude = new(r.Int32N(20)), new(r.Int32N(20))
	}
	return featureChange(r, &logv1.FeatureChange{Id: binary.BigEndian.AppendUint64(nil, r.Uint64N(50_000)), Kind: &logv1.FeatureChange_Updated{Updated: updated}})
}

func featureDeleted(r *rand.Rand) *logv1.Change {
	return featureChange(r, &logv1.FeatureChange{
		Id: binary.BigEndian.AppendUint64(nil, r.Uint64()), Kind: &logv1.FeatureChange_Deleted{Deleted: &logv1.FeatureDeleted{Id: featureID(r)}},
	})
}

// Processes have the same rows after the same changes, whether they apply them as they are made, later, or begin from a
// snapshot in the middle.
func TestSameRows(t *testing.T) {
	c := natstest.Start(t)
	to := store.Cluster{URL: c.URL()}
	live := open(t, store.Options{Dir: t.TempDir(), Cluster: &to}, allBooks)
	later := store.Options{Dir: t.TempDir(), Cluster: &to}
	if err := open(t, later, allBooks).store.Close(); err != nil { // it has begun, and so it needs no snapshot
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	next := make(chan *logv1.Change)
	var running sync.WaitGroup
	defer running.Wait()
	defer close(next)
	var waiting atomic.Int64
	for range 1024 {
		running.Go(func() {
			for change := range next {
				_, _ = live.store.Do(t.Context(), change) // some are refused
				waiting.Add(-1)
			}
		})
	}
	r := rand.New(rand.NewPCG(seed, 0))
	half := func() {
		for range *randomChanges / 2 {
			waiting.Add(1)
			next <- kinds[r.IntN(len(kinds))](r)
		}
		until(t, "all changes are made", func() error {
			if n := waiting.Load(); n > 0 {
				return fmt.Errorf("%d are not", n)
			}
			return nil
		})
	}
	half()
	maker := open(t, store.Options{Dir: t.TempDir(), Cluster: to.Often(1, time.Hour)}, allBooks)
	until(t, "there is a snapshot", func() error {
		if len(snapshots(t, c)) == 0 {
			return fmt.Errorf("there is none: %v", maker.store.Ready())
		}
		return nil
	})
	if err := maker.store.Close(); err != nil {
		t.Fatal(err)
	}
	half()
	if at := live.store.Position(); at != uint64(*randomChanges) {
		t.Errorf("%d of %d changes were made", at, *randomChanges)
	}
	if info, err := c.Stream(streamName); err != nil || info.State.FirstSeq != 1 {
		t.Fatalf("the stream was cut: %v", err)
	}
	same(t, live, open(t, later, allBooks), open(t, store.Options{Dir: t.TempDir(), Cluster: &to}, allBooks))
}

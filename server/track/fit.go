package track

import (
	"bufio"
	"context"
	"errors"
	"io"
	"math"
	"regexp"

	"github.com/muktihari/fit/decoder"
	"github.com/muktihari/fit/profile/basetype"
	"github.com/muktihari/fit/profile/mesgdef"
	"github.com/muktihari/fit/profile/typedef"
	"github.com/muktihari/fit/proto"
)

// maxOwnFields is how many fields of their own the devices of a FIT file may describe: the decoder keeps them all.
const maxOwnFields = 1024

// A recording takes the messages of a FIT file.
type recording struct {
	cancel context.CancelCauseFunc
	record mesgdef.Record
	points points
	own    int
}

// readFIT makes a track of each of the FIT files that lie one after the other in a file, which is most often one.
func readFIT(in *bufio.Reader, to *builder) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	r := &recording{cancel: cancel}
	watched := &watched{in: in}
	d := decoder.New(watched, decoder.WithMesgListener(r), decoder.WithBroadcastOnly())
	for d.Next() {
		if _, err := d.DecodeWithContext(ctx); err != nil {
			return watched.fault(err, context.Cause(ctx))
		}
		if err := to.emit("", r.points); err != nil {
			return err
		}
		r.points = points{}
	}
	return watched.fault(nil, nil)
}

// OnMesg implements decoder.MesgListener.
func (r *recording) OnMesg(m proto.Message) {
	switch m.Num {
	case typedef.MesgNumFieldDescription:
		if r.own++; r.own > maxOwnFields {
			r.cancel(errors.New("too many fields that the device describes itself"))
		}
	case typedef.MesgNumRecord:
		r.record.Reset(&m)
		if r.record.PositionLat == basetype.Sint32Invalid || r.record.PositionLong == basetype.Sint32Invalid {
			return
		}
		place, ok := degrees(semicircles(r.record.PositionLat), semicircles(r.record.PositionLong))
		switch {
		case !ok:
			return // a quarter of all values of a latitude lie beyond the poles
		case r.points.len() == maxPoints:
			r.cancel(errTooMany)
			return
		}
		p := at(place)
		if !r.record.Timestamp.IsZero() {
			p.time = r.record.Timestamp.UnixMilli()
		}
		p.elevation = elevations.whole(first(r.record.EnhancedAltitudeScaled(), r.record.AltitudeScaled()))
		p.speed = speeds.whole(first(r.record.EnhancedSpeedScaled(), r.record.SpeedScaled()))
		if r.record.GpsAccuracy != basetype.Uint8Invalid {
			p.accuracy = accuracies.whole(float64(r.record.GpsAccuracy))
		}
		r.points.add(p)
	}
}

func semicircles(v int32) float64 { return float64(v) * (180.0 / (1 << 31)) }

// first is the first that is a number.
func first(a, b float64) float64 {
	if math.IsNaN(a) {
		return b
	}
	return a
}

// watched knows how reading ended.
type watched struct {
	in  io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.in.Read(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

// position is how the decoder says where it failed.
var position = regexp.MustCompile(`\[byte pos: (\d+)\]: (.*)$`)

// fault is why a file could not be read: because of the reader underneath, because we do not want to go on, or because of what
// the decoder found.
func (w *watched) fault(err, stopped error) error {
	if w.err != nil && w.err != io.EOF {
		return w.err
	}
	if err == nil {
		return nil
	}
	found := position.FindStringSubmatch(err.Error())
	if found == nil {
		return &Error{"byte 0", err.Error()}
	}
	reason := found[2]
	switch {
	case stopped != nil:
		reason = stopped.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		reason = "the file ends too early"
	}
	return &Error{"byte " + found[1], reason}
}

package track_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/muktihari/fit/encoder"
	"github.com/muktihari/fit/profile/mesgdef"
	"github.com/muktihari/fit/profile/typedef"
	"github.com/muktihari/fit/proto"
)

// fitFile is an activity as a watch writes it: a record a second, some without a position.
func fitFile(t testing.TB, records int) []byte {
	t.Helper()
	start := time.Date(2025, 6, 1, 8, 0, 0, 0, time.UTC)
	f := &proto.FIT{Messages: []proto.Message{
		mesgdef.NewFileId(nil).SetType(typedef.FileActivity).SetManufacturer(typedef.ManufacturerGarmin).SetTimeCreated(start).ToMesg(nil),
	}}
	for i := range records {
		r := mesgdef.NewRecord(nil).SetTimestamp(start.Add(time.Duration(i) * time.Second)).SetHeartRate(120)
		if i%10 != 1 {
			r.SetPositionLat(554766609).SetPositionLong(int32(i * 1000)).SetEnhancedAltitudeScaled(500.2).
				SetEnhancedSpeedScaled(2.5).SetGpsAccuracy(3)
		}
		f.Messages = append(f.Messages, r.ToMesg(nil))
	}
	var b bytes.Buffer
	if err := encoder.New(&b).Encode(f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFIT(t *testing.T) {
	file := fitFile(t, 3)
	const want = `""
46.5000000,0.0000000 2025-06-01T08:00:00Z elevation 5002 accuracy 30 speed 250
46.5000000,0.0001676 2025-06-01T08:00:02Z elevation 5002 accuracy 30 speed 250
`
	if got, err := read(bytes.NewReader(file)); err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if got, err := read(bytes.NewReader(append(file, file...))); err != nil || got != want+want {
		t.Errorf("two in one: %v\n%s", err, got)
	}
	got, err := read(bytes.NewReader(append(file, file[:len(file)-9]...)))
	if got != want || err == nil || !strings.HasSuffix(err.Error(), ": the file ends too early") || !strings.HasPrefix(err.Error(), "byte ") {
		t.Errorf("the second cut off: %v\n%s", err, got)
	}
	file[len(file)-5] ^= 1
	if got, err := read(bytes.NewReader(file)); got != "" || err == nil || !strings.Contains(err.Error(), "crc") {
		t.Errorf("a bit flipped: %v\n%s", err, got)
	}
}

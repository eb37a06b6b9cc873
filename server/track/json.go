package track

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"

	"routeguide/server/line"
)

// readJSON reads GeoJSON, also one after the other, and location history: a list or an object whose members say what it is.
func readJSON(in *bufio.Reader, to *builder) error {
	j := line.NewJSON(in)
	for j.More() {
		switch t := j.Token(); t {
		case json.Delim('['):
			h := &history{JSON: j, to: to}
			for j.Opened(t, '['); j.More(); {
				h.segment()
			}
			h.emit()
		default:
			readObject(j, t, to)
		}
	}
	j.End()
	err := j.Err()
	var broken *line.Error
	if errors.As(err, &broken) {
		if errors.Is(err, errStopped) {
			return errStopped
		}
		return &Error{fmt.Sprintf("line %d", broken.Line), broken.Err.Error()}
	}
	return err
}

func readObject(j *line.JSON, t json.Token, to *builder) {
	h := &history{JSON: j, to: to}
	s := &shape{JSON: j}
	for j.Opened(t, '{'); j.More(); {
		switch key := j.Key(); key {
		case "locations":
			h.list(h.record)
		case "timelineObjects":
			h.list(h.object)
		case "semanticSegments":
			h.list(h.segment)
		case "rawSignals":
			h.list(h.signal)
		case "features":
			for j.Enter('['); j.More(); {
				f := &shape{JSON: j}
				for j.Enter('{'); j.More(); {
					f.member(j.Key())
				}
				f.emit(to)
			}
		default:
			s.member(key)
		}
	}
	h.emit()
	s.emit(to)
}

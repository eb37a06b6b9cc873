package h2

import (
	"time"

	"golang.org/x/net/http2"
)

// take does what a frame says. An http2.StreamError ends the stream, any other error the connection.
func (w *wire) take(f http2.Frame) error {
	switch f := f.(type) {
	case *http2.MetaHeadersFrame:
		return w.headers(w, f)
	case *http2.DataFrame:
		return w.takeData(f)
	case *http2.RSTStreamFrame:
		return w.takeReset(f)
	}
	w.mu.Lock()
	defer w.unlock(w)
	w.frames++
	switch f := f.(type) {
	case *http2.WindowUpdateFrame:
		return w.takeWindow(f)
	case *http2.SettingsFrame:
		return w.takeSettings(f)
	case *http2.PingFrame:
		if !f.IsAck() {
			w.pong(f.Data)
		}
	case *http2.GoAwayFrame:
		for id, e := range w.ends {
			if id > f.LastStreamID && e == &e.call.far {
				e.remove()
				w.after = append(w.after, func(by *wire) { e.call.resetNear(http2.ErrCodeRefusedStream, by) })
			}
		}
		w.leave()
	case *http2.PushPromiseFrame:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil
}

// find returns the end of a stream, or nil if it is over. It is an error if there never was one.
func (w *wire) find(id uint32) (*end, error) {
	if e := w.ends[id]; e != nil {
		return e, nil
	}
	if id > w.newest || id%2 == 0 {
		return nil, http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil, nil
}

// takeData passes on a piece of messages. The peer may send as much anew once the other end's peer has been sent it.
func (w *wire) takeData(f *http2.DataFrame) error {
	w.mu.Lock()
	w.frames++
	w.giveBack(int(f.Length))
	e, err := w.find(f.StreamID)
	if e == nil {
		w.unlock(w)
		return err
	}
	e.allowed -= int(f.Length)
	wrong := http2.ErrCodeNo
	switch {
	case e.allowed < 0:
		wrong = http2.ErrCodeFlowControl
	case e.heard:
		wrong = http2.ErrCodeStreamClosed
	case e == &e.call.far && !e.begun:
		wrong = http2.ErrCodeProtocol
	}
	if wrong != http2.ErrCodeNo {
		w.unlock(w)
		return http2.StreamError{StreamID: f.StreamID, Code: wrong}
	}
	e.hear(f.StreamEnded())
	early := e.call.keep(e, f.Data())
	w.unlock(w)
	passed := int(f.Length) - len(f.Data())
	if !early {
		passed += e.other().pass(f.Data(), f.StreamEnded(), w)
	}
	e.giveBack(passed, w)
	return nil
}

// takeReset ends a call that the peer has given up.
func (w *wire) takeReset(f *http2.RSTStreamFrame) error {
	w.mu.Lock()
	w.frames++
	e, err := w.find(f.StreamID)
	if e != nil {
		e.remove()
	}
	w.unlock(w)
	if e != nil {
		w.resetBy(e, f.ErrCode, w)
	}
	return err
}

// fault ends a stream of which the peer has sent what it must not.
func (w *wire) fault(err http2.StreamError) error {
	w.mu.Lock()
	e, idle := w.find(err.StreamID)
	switch {
	case e != nil:
		e.reset(err.Code)
	case idle != nil && (!w.accepts || err.StreamID%2 == 0):
		w.unlock(w)
		return idle
	default:
		w.newest = max(w.newest, err.StreamID)
		w.reset(err.StreamID, err.Code)
	}
	w.unlock(w)
	if e != nil {
		w.faulty(e, err.Code, w)
	}
	return nil
}

func (w *wire) takeWindow(f *http2.WindowUpdateFrame) error {
	const most = 1<<31 - 1
	if f.StreamID == 0 {
		if w.window += int(f.Increment); w.window > most {
			return http2.ConnectionError(http2.ErrCodeFlowControl)
		}
		w.drain()
		return nil
	}
	e, err := w.find(f.StreamID)
	if e == nil {
		return err
	}
	if e.window += int(f.Increment); e.window > most {
		return http2.StreamError{StreamID: f.StreamID, Code: http2.ErrCodeFlowControl}
	}
	e.wait()
	w.drain()
	return nil
}

// pong answers a ping, which some peers send along with each call to measure the way. So the answer waits for what is written
// next, and goes in front of that, as RFC 9113, 6.7, wants; but it does not wait long, and none waits after another.
func (w *wire) pong(data [8]byte) {
	first := len(w.out) == 0
	w.append(func() error { return w.frame.WritePing(true, data) })
	if !first {
		return
	}
	w.unhurried = len(w.out)
	if w.hurry == nil {
		w.hurry = time.AfterFunc(pongDelay, w.hurryUp)
	} else {
		w.hurry.Reset(pongDelay)
	}
}

// hurryUp has written what has waited for others to be.
func (w *wire) hurryUp() {
	w.mu.Lock()
	w.unhurried = 0
	w.unlock(nil)
}

func (w *wire) takeSettings(f *http2.SettingsFrame) error {
	if f.IsAck() {
		return nil
	}
	err := f.ForeachSetting(func(s http2.Setting) error {
		if err := s.Valid(); err != nil {
			return err
		}
		switch s.ID {
		case http2.SettingInitialWindowSize:
			for _, e := range w.ends {
				e.window += int(s.Val) - w.endWindow
				e.wait()
			}
			w.endWindow = int(s.Val)
		case http2.SettingMaxFrameSize:
			w.frameBytes = int(min(s.Val, outBytes))
		case http2.SettingMaxConcurrentStreams:
			w.mostEnds = int(s.Val)
		case http2.SettingHeaderTableSize:
			w.packer.SetMaxDynamicTableSizeLimit(s.Val)
			w.packer.SetMaxDynamicTableSize(min(s.Val, 4096))
		}
		return nil
	})
	if err == nil {
		w.append(w.frame.WriteSettingsAck)
		w.drain()
	}
	return err
}

// giveBack lets the peer send as much on the connection as it has sent: what may wait is bounded for each stream.
func (w *wire) giveBack(n int) {
	if w.unreturned += n; w.unreturned >= wireWindow/4 {
		w.append(func() error { return w.frame.WriteWindowUpdate(0, uint32(w.unreturned)) })
		w.unreturned = 0
	}
}

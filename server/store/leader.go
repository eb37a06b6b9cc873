package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ask sends a request of the JetStream API, which the leader of its stream answers, until it is answered.
func (r *reader) ask(ctx context.Context, subject string, body, answer any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	start := time.Now()
	for retry := (pause{}); ; {
		err := r.askOnce(ctx, subject, data, answer)
		switch {
		case err == nil, apiCode(err) != 0 && !transient(err):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Since(start) > patience:
			return unavailable(err)
		}
		if err := retry.wait(ctx, r.closing); err != nil {
			return err
		}
	}
}

func (r *reader) askOnce(ctx context.Context, subject string, data []byte, answer any) error {
	n, err := r.acquire(ctx)
	if err != nil {
		return err
	}
	defer func() { <-n.slots }()
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	msg, err := n.conn.RequestWithContext(ctx, subject, data)
	if err != nil {
		return err
	}
	var refusal struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(msg.Data, &refusal); err != nil {
		return err
	}
	if refusal.Error != nil {
		return refusal.Error
	}
	return json.Unmarshal(msg.Data, answer)
}

// newest returns the newest record of a filter, as the leader has it, and false where there is none.
func (r *reader) newest(ctx context.Context, stream, filter string) (Record, bool, error) {
	var answer struct {
		Message struct {
			Subject string `json:"subject"`
			Seq     uint64 `json:"seq"`
			Header  []byte `json:"hdrs"`
			Data    []byte `json:"data"`

			Time time.Time `json:"time"`
		} `json:"message"`
	}
	err := r.ask(ctx, "$JS.API.STREAM.MSG.GET."+stream, request{LastFor: filter}, &answer)
	if apiCode(err) == jetstream.JSErrCodeMessageNotFound {
		return Record{}, false, nil
	} else if err != nil {
		return Record{}, false, err
	}
	m := answer.Message
	rec := Record{Seq: m.Seq, Subject: m.Subject, Time: m.Time, Data: m.Data}
	if len(m.Header) > 0 {
		header, err := nats.DecodeHeadersMsg(m.Header)
		if err != nil {
			return Record{}, false, unavailable(err)
		}
		rec.label(header)
	}
	return rec, true, nil
}

// lease is how long a leader is believed to be one after it heard of its followers. They wait longer before they choose
// another.
const lease = 3 * time.Second

// errNoLeader: who answered leads the stream no more, or may not.
var errNoLeader = errors.New("the log has no leader at the moment")

// A streamInfo is what is asked for of a stream's state. Members of a group without a leader answer too, and a leader that
// is cut off may not know yet that there is another.
type streamInfo struct {
	State struct {
		Messages uint64            `json:"messages"`
		FirstSeq uint64            `json:"first_seq"`
		LastSeq  uint64            `json:"last_seq"`
		Bytes    uint64            `json:"bytes"`
		Subjects map[string]uint64 `json:"subjects"` // how many records each of those asked for has
	} `json:"state"`
	Cluster *struct {
		Leader   string `json:"leader"`
		Replicas []struct {
			Active time.Duration `json:"active"` // since it was heard of
		} `json:"replicas"`
	} `json:"cluster"`
}

// check returns errNoLeader unless the answer is of a leader that hears of a majority.
func (i *streamInfo) check() error {
	if i.Cluster == nil {
		return nil // the server is not one of a cluster
	}
	heard := 1
	for _, r := range i.Cluster.Replicas {
		if r.Active < lease {
			heard++
		}
	}
	if i.Cluster.Leader == "" || 2*heard <= len(i.Cluster.Replicas)+1 {
		return errNoLeader
	}
	return nil
}

// An infoRequest asks for a stream's state.
type infoRequest struct {
	Subjects string `json:"subjects_filter,omitempty"` // whose records are counted
}

// info returns a stream's state, as the leader has it.
func (r *reader) info(ctx context.Context, stream string, req infoRequest) (i streamInfo, err error) {
	start := time.Now()
	for retry := (pause{}); ; {
		i = streamInfo{}
		if err := r.ask(ctx, "$JS.API.STREAM.INFO."+stream, req, &i); err != nil {
			return i, err
		}
		if err = i.check(); err == nil {
			return i, nil
		}
		if time.Since(start) > patience {
			return i, unavailable(err)
		}
		if e := retry.wait(ctx, r.closing); e != nil {
			return i, errors.Join(e, err)
		}
	}
}

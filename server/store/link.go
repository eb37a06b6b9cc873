package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A link publishes entries to their stream and gets the acknowledgements. It serves one goroutine.
type link struct {
	conn  *nats.Conn
	inbox string
	acks  chan *nats.Msg
	sub   *nats.Subscription
	lost  chan nats.Status // receives when the connection breaks, and acknowledgements with it
	round uint64           // tells the answers of a round from late ones of another
}

// Headers of atomic batches, see ADR-50 of NATS.
const (
	batchID     = "Nats-Batch-Id"
	batchSeq    = "Nats-Batch-Sequence"
	batchCommit = "Nats-Batch-Commit"
)

// errRejected: the server refuses a batch as a whole, and has stored none of it.
var errRejected = errors.New("batch rejected")

func newLink(conn *nats.Conn) (*link, error) {
	k := &link{conn: conn, inbox: conn.NewInbox(), acks: make(chan *nats.Msg, 2*maxGroup)}
	var err error
	if k.sub, err = conn.ChanSubscribe(k.inbox+".>", k.acks); err != nil {
		return nil, err
	}
	k.lost = conn.StatusChanged(nats.RECONNECTING)
	return k, nil
}

func (k *link) close() {
	// The connection may be gone already, and the subscription with it.
	_ = k.sub.Unsubscribe()
	k.conn.RemoveStatusListener(k.lost)
}

// begin begins a round.
func (k *link) begin() {
	k.round++
	for len(k.lost) > 0 {
		<-k.lost // before this round
	}
}

// batch stores all entries or none and returns the sequence of the last; the others come right before it.
func (k *link) batch(group []*pending, closing <-chan struct{}) (last uint64, err error) {
	msgs := make([]*nats.Msg, len(group))
	for i, p := range group {
		msgs[i] = message(p.Entry)
	}
	return k.commit(msgs, closing)
}

// commit stores all messages or none and returns the sequence of the last.
func (k *link) commit(msgs []*nats.Msg, closing <-chan struct{}) (last uint64, err error) {
	k.begin()
	id := k.inbox[strings.LastIndexByte(k.inbox, '.')+1:] + "-" + strconv.FormatUint(k.round, 36)
	for i, msg := range msgs {
		msg.Header[batchID] = []string{id}
		msg.Header[batchSeq] = []string{strconv.Itoa(i + 1)}
		if i == len(msgs)-1 {
			msg.Header[batchCommit] = []string{"1"}
			msg.Reply = k.reply(0)
		}
		if err := k.conn.PublishMsg(msg); err != nil {
			return 0, unavailable(err)
		}
	}
	_, ack, err := k.await(closing)
	switch {
	case err != nil:
		return 0, err
	case ack.Error != nil:
		return 0, fmt.Errorf("%w: %w", errRejected, ack.Error)
	case ack.Count != len(msgs):
		return 0, fmt.Errorf("%w: %d of %d entries acknowledged", ErrUnavailable, ack.Count, len(msgs))
	}
	return ack.Sequence, nil
}

// each stores the entries one by one, without waiting in between, and tells what became of them as it learns it. An error
// means that it is not known what became of those it has not told of.
func (k *link) each(group []*pending, closing <-chan struct{}, tell func(i int, seq uint64, err error)) error {
	k.begin()
	for i, p := range group {
		msg := message(p.Entry)
		msg.Reply = k.reply(i)
		if err := k.conn.PublishMsg(msg); err != nil {
			return unavailable(err)
		}
	}
	for range group {
		i, ack, err := k.await(closing)
		switch {
		case err != nil:
			return err
		case ack.Error != nil:
			tell(i, 0, refusal(ack.Error))
		default:
			tell(i, ack.Sequence, nil)
		}
	}
	return nil
}

type acknowledgement struct {
	jetstream.PubAck
	Count int                 `json:"count"` // of a batch
	Error *jetstream.APIError `json:"error"`
}

// await returns the next answer of this round and the number of the message it is for.
func (k *link) await(closing <-chan struct{}) (n int, ack acknowledgement, err error) {
	timeout := time.NewTimer(answerTimeout)
	defer timeout.Stop()
	for {
		select {
		case msg := <-k.acks:
			n, ok := k.number(msg.Subject)
			if !ok {
				continue
			}
			if status := msg.Header.Get("Status"); status == "503" {
				return 0, ack, fmt.Errorf("%w: %w", ErrUnavailable, nats.ErrNoResponders)
			}
			if err := json.Unmarshal(msg.Data, &ack); err != nil {
				return 0, ack, unavailable(err)
			}
			return n, ack, nil
		case <-closing:
			return 0, ack, ErrClosed
		case <-k.lost:
			return 0, ack, unavailable(nats.ErrDisconnected)
		case <-timeout.C:
			return 0, ack, fmt.Errorf("%w: no acknowledgement for %v", ErrUnavailable, answerTimeout)
		}
	}
}

func (k *link) reply(n int) string {
	return k.inbox + "." + strconv.FormatUint(k.round, 36) + "." + strconv.Itoa(n)
}

// number undoes reply; false for an answer of another round.
func (k *link) number(reply string) (int, bool) {
	round, n, ok := strings.Cut(strings.TrimPrefix(reply, k.inbox+"."), ".")
	if !ok || round != strconv.FormatUint(k.round, 36) {
		return 0, false
	}
	i, err := strconv.Atoi(n)
	return i, err == nil
}

func message(e Entry) *nats.Msg {
	msg := &nats.Msg{Subject: e.Subject, Data: e.Data, Header: make(nats.Header, 5)}
	msg.Header[nats.MsgIdHdr] = []string{e.ID}
	if e.Expect != nil {
		msg.Header[nats.ExpectedLastSubjSeqHdr] = []string{strconv.FormatUint(*e.Expect, 10)}
	}
	return msg
}

// refusal is why the server did not store an entry.
func refusal(err *jetstream.APIError) error {
	switch err.ErrorCode {
	case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return ErrConflict
	case errResources, errAccountResources, errStorage:
		return fmt.Errorf("%w: %s", ErrFull, err.Description)
	case errStoreFailed:
		if strings.HasPrefix(err.Description, "maximum ") { // messages, bytes, messages per subject
			return fmt.Errorf("%w: %s", ErrFull, err.Description)
		}
	case jetstream.JSErrCodeStreamMessageExceedsMaximum:
		return fmt.Errorf("%w: %s", ErrInvalid, err.Description)
	}
	return unavailable(err)
}

func unavailable(err error) error {
	if errors.Is(err, nats.ErrConnectionClosed) {
		return ErrClosed // nobody closes it but the store
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

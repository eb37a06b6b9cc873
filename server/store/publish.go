package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	logv1 "routeguide/proto/routeguide/log/v1"
)

const (
	maxMessage = 1 << 20 // bytes of a batch, if the cluster takes so many
	inFlight   = 2       // batches that are not applied yet; the more there are the smaller they get
	// envelope is what a message may have beside changes: headers, names and numbers.
	envelope = 1 << 10
)

// publish sends what waits, as much as there is in one message. Batches may overtake one another where the cluster loses
// its leader: who needs two changes in an order waits for the first.
func (c *cluster) publish(ctx context.Context) {
	slots := make(chan struct{}, inFlight)
	var flying sync.WaitGroup
	defer flying.Wait()
	var rest []proposal
	for number := uint64(1); ctx.Err() == nil; number++ {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if len(rest) == 0 {
			rest = c.store.gather(ctx)
		}
		var batch []proposal
		batch, rest = c.pack(rest)
		flying.Go(c.store.guarded(func() {
			defer func() { <-slots }()
			if len(batch) > 0 {
				c.carry(ctx, number, batch)
			}
		}))
	}
}

// pack returns as many of the proposals as one message has room for, and the rest.
func (c *cluster) pack(proposals []proposal) (batch, rest []proposal) {
	room := min(maxMessage, int(c.conn.MaxPayload())) - envelope
	for size := 0; len(proposals) > 0; proposals = proposals[1:] {
		p := proposals[0]
		n := proto.Size(p.change) + 8 // its tag and length
		if n > room {
			p.done <- outcome{err: fmt.Errorf("store: a change of %d bytes is more than the cluster takes, %d", n, room)}
			continue
		}
		if size += n; size > room {
			break
		}
		batch = append(batch, p)
	}
	return batch, proposals
}

// carry answers those who proposed a batch when the stream's leader has it, so that reach finds it, and it was applied here;
// or when it is given up.
func (c *cluster) carry(ctx context.Context, number uint64, batch []proposal) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	made := make(chan []outcome, 1)
	c.mu.Lock()
	c.flights[number] = made
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.flights, number)
	}()
	err := c.send(ctx, number, changesOf(batch))
	if err != nil {
		answer(batch, nil, err)
		return
	}
	select {
	case outcomes := <-made:
		answer(batch, outcomes, nil)
	case <-ctx.Done():
		answer(batch, nil, ErrUnavailable)
	}
}

// send has the stream store a batch, once however often it is sent.
func (c *cluster) send(ctx context.Context, number uint64, changes []*logv1.Change) error {
	data, err := proto.Marshal(&logv1.Batch{Process: c.process, Number: number, Changes: changes})
	if err != nil {
		return err
	}
	id := c.process + "." + strconv.FormatUint(number, 10)
	for {
		err := c.put(ctx, &nats.Msg{Subject: subject(c.id), Data: data}, jetstream.WithMsgID(id))
		if err == nil || errors.Is(err, ErrFull) {
			return err
		}
		c.log.Debug("a batch of changes is sent again", "number", number, "err", err)
		if pause(ctx, retryEvery) != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

func (c *cluster) put(ctx context.Context, msg *nats.Msg, options ...jetstream.PublishOpt) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := c.js.PublishMsg(ctx, msg, options...)
	return refusal(err)
}

// refusal says of an error of publishing whether there is no room.
func refusal(err error) error {
	var refused jetstream.JetStreamError
	if !errors.As(err, &refused) || refused.APIError() == nil {
		return err
	}
	e := refused.APIError()
	switch e.ErrorCode {
	case errResources, errAccountResources, errStorage:
		return fmt.Errorf("%w: the cluster says: %s", ErrFull, e.Description)
	case errStoreFailed:
		if strings.HasPrefix(e.Description, "maximum ") { // messages, bytes
			return fmt.Errorf("%w: the cluster says: %s", ErrFull, e.Description)
		}
	}
	return err
}

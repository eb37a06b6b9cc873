package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	bucketName = "routeguide"
	chunkBytes = 128 << 10 // the object store's usual size; less where the cluster takes less
)

// A snapshot is a database in the cluster's object store that has all up to a message.
type snapshot struct {
	message uint64
	info    *jetstream.ObjectInfo
}

// A depot is the bucket of the object store that snapshots are in.
//
// Snapshots have the object store's format, and its tools work. But the client's own Put sends without waiting, more than a
// server buffers, and its Get cannot be ended while it waits.
type depot struct {
	c      *cluster
	js     jetstream.JetStream
	bucket jetstream.ObjectStore
	stream jetstream.Stream // of the bucket
}

// depot opens the bucket, or makes it.
func (c *cluster) depot(ctx context.Context, js jetstream.JetStream) (*depot, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	bucket, err := js.ObjectStore(ctx, bucketName)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		bucket, err = js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{
			Bucket: bucketName, Description: "snapshots of RouteGuide's state", Storage: jetstream.FileStorage, Replicas: c.Replicas,
		})
	}
	if err != nil {
		return nil, err
	}
	stream, err := js.Stream(ctx, "OBJ_"+bucketName)
	return &depot{c, js, bucket, stream}, err
}

// private opens the bucket on a connection of its own, so that what is large holds up nothing else. Close the connection.
func (c *cluster) private(ctx context.Context) (*depot, *nats.Conn, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	d, err := c.depot(ctx, js)
	if err != nil {
		conn.Close()
	}
	return d, conn, err
}

// list returns the snapshots of our stream, oldest first, and what all objects in the bucket are called within.
func (d *depot) list(ctx context.Context) (all []snapshot, known map[string]bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	objects, err := d.bucket.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return nil, nil, fmt.Errorf("list the snapshots: %w", err)
	}
	known = make(map[string]bool)
	for _, info := range objects {
		known[info.NUID] = true
		if id, number, ok := strings.Cut(info.Name, "-"); ok && id == d.c.id {
			if message, err := strconv.ParseUint(number, 10, 64); err == nil {
				all = append(all, snapshot{message, info})
			}
		}
	}
	slices.SortFunc(all, func(a, b snapshot) int { return cmp.Compare(a.message, b.message) })
	return all, known, nil
}

func (d *depot) chunks(nuid string) string { return "$O." + bucketName + ".C." + nuid }

func (d *depot) meta(name string) string {
	return "$O." + bucketName + ".M." + base64.URLEncoding.EncodeToString([]byte(name))
}

// put uploads a file as the snapshot of a message. It is there when all of it is.
func (d *depot) put(ctx context.Context, message uint64, path string, progress func(done, total int64)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return err
	}
	info := jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{Name: fmt.Sprintf("%s-%d", d.c.id, message)},
		Bucket:     bucketName, NUID: rand.Text(),
	}
	sum := sha256.New()
	chunk := make([]byte, min(chunkBytes, d.c.conn.MaxPayload()-envelope))
	for {
		n, err := io.ReadFull(f, chunk)
		if err == io.EOF {
			break
		} else if err != nil && err != io.ErrUnexpectedEOF {
			return err
		}
		sum.Write(chunk[:n])
		if err := d.send(ctx, &nats.Msg{Subject: d.chunks(info.NUID), Data: chunk[:n]}); err != nil {
			return err
		}
		info.Size += uint64(n)
		info.Chunks++
		progress(int64(info.Size), stat.Size())
	}
	info.Digest = jetstream.GetObjectDigestValue(sum)
	data, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return d.send(ctx, &nats.Msg{Subject: d.meta(info.Name), Data: data, Header: nats.Header{jetstream.MsgRollup: {jetstream.MsgRollupSubject}}})
}

func (d *depot) send(ctx context.Context, msg *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := d.js.PublishMsg(ctx, msg)
	return refusal(err)
}

// get downloads a snapshot to a file. What arrives is what was uploaded, or there is an error.
func (d *depot) get(ctx context.Context, s snapshot, path string, progress func(done, total int64)) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum, size, chunks := sha256.New(), uint64(0), uint32(0)
	for msg, err := range feed(ctx, d.stream, d.chunks(s.info.NUID), 0) {
		if err != nil {
			return err
		}
		data := msg.Data()
		sum.Write(data)
		if _, err := f.Write(data); err != nil {
			return err
		}
		size, chunks = size+uint64(len(data)), chunks+1
		progress(int64(size), int64(s.info.Size))
		if chunks == s.info.Chunks {
			break
		}
	}
	if size != s.info.Size || jetstream.GetObjectDigestValue(sum) != s.info.Digest {
		return fmt.Errorf("%w: the snapshot %s is not what was uploaded", ErrDamaged, s.info.Name)
	}
	return nil
}

// prune keeps the newest two snapshots, as somebody may be downloading the older of them, and the messages after that one.
// What else there is of snapshots, and so old, was left by a process that was killed.
func (d *depot) prune(ctx context.Context, abandoned time.Duration) error {
	all, known, err := d.list(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for ; len(all) > 2; all = all[1:] {
		for _, subject := range []string{d.meta(all[0].info.Name), d.chunks(all[0].info.NUID)} {
			if err := d.stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
				return err
			}
		}
	}
	if len(all) == 2 {
		if err := d.c.stream.Purge(ctx, jetstream.WithPurgeSequence(all[0].message+1)); err != nil {
			return err
		}
	}
	info, err := d.stream.Info(ctx, jetstream.WithSubjectFilter(d.chunks("*")))
	if err != nil {
		return err
	}
	for subject := range maps.Keys(info.State.Subjects) {
		if known[strings.TrimPrefix(subject, d.chunks(""))] {
			continue
		}
		last, err := d.stream.GetLastMsgForSubject(ctx, subject)
		if err == nil && info.TimeStamp.Sub(last.Time) > abandoned {
			err = d.stream.Purge(ctx, jetstream.WithPurgeSubject(subject))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

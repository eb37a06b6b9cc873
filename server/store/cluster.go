package store

import "context"

// Cluster says which NATS JetStream cluster has the order of changes.
type Cluster struct {
	URL           string // servers, as nats://a:4222,nats://b:4222
	Creds         string // file of NATS credentials; "" means none
	CA, Cert, Key string // PEM files: authorities to trust, our certificate, its key; "" means none
	Replicas      int    // servers that keep each change, 1 to 5
}

func (s *Store) join(ctx context.Context) (order, error) { return nil, ErrUnavailable }

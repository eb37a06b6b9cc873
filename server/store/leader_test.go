package store

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// TestLeader takes the answers that servers give for their streams.
func TestLeader(t *testing.T) {
	replica := func(active time.Duration) map[string]any { return map[string]any{"active": active} }
	for name, c := range map[string]struct {
		leader   string
		replicas []any
		want     error
	}{
		"all well":             {"a", []any{replica(time.Second), replica(time.Millisecond)}, nil},
		"one follower is lost": {"a", []any{replica(time.Hour), replica(time.Second)}, nil},
		"cut off":              {"a", []any{replica(lease), replica(time.Hour)}, errNoLeader},
		"two of five":          {"a", []any{replica(0), replica(lease), replica(lease), replica(lease)}, errNoLeader},
		"none":                 {"", []any{replica(0), replica(0)}, errNoLeader},
		"alone":                {"a", nil, nil},
	} {
		data, err := json.Marshal(map[string]any{"cluster": map[string]any{"leader": c.leader, "replicas": c.replicas}})
		if err != nil {
			t.Fatal(err)
		}
		var info streamInfo
		if err := json.Unmarshal(data, &info); err != nil {
			t.Fatal(err)
		}
		if err := info.check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := new(streamInfo).check(); err != nil {
		t.Errorf("a server that is not one of a cluster: %v", err)
	}
}

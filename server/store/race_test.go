//go:build race

package store_test

// The race detector makes a change cost ten times as much.
func init() { *randomChanges = 10_000 }

//go:build !race

package track_test

const million = 1_000_000

//go:build race

package track_test

const million = 100_000 // the detector makes it ten times as slow

package main

import (
	"bufio"
	"fmt"
	"os"

	"routeguide/server/geo"
)

// The million features stand on a grid of a thousand by a thousand cells, one somewhere in each cell, so that how many
// lie in a rectangle of whole cells is known.
const (
	gridSide = 1000
	gridSize = gridSide * gridSide
	cell     = 20_000 // E7, about 220 m of latitude
	south    = 300_000_000
	west     = -900_000_000
)

// gridFeature returns the location of the feature at row and column.
func gridFeature(row, column int) geo.Point {
	hash := uint32(row*gridSide+column) * 2654435761
	return geo.Point{
		Lat: south + int32(row*cell) + int32(hash>>16)%cell,
		Lng: west + int32(column*cell) + int32(hash&0xffff)%cell,
	}
}

// gridRect returns a rectangle in the middle that holds side by side features.
func gridRect(side int) (lo, hi geo.Point) {
	first := (gridSide - side) / 2
	corner := func(i int) geo.Point { return geo.Point{Lat: south + int32(i*cell), Lng: west + int32(i*cell)} }
	lo, hi = corner(first), corner(first+side)
	return lo, geo.Point{Lat: hi.Lat - 1, Lng: hi.Lng - 1}
}

// scattered returns the row and column of the nth feature of the file: neighbours in the file are none on the map.
func scattered(n int) (row, column int) {
	const stride = 611_953 // a prime, so that every feature comes once
	at := n * stride % gridSize
	return at / gridSide, at % gridSide
}

// writeGrid writes the features in the form of the classic data file, the same each time. It tells progress how many are
// done, now and then.
func writeGrid(path string, progress func(done int)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	for n := range gridSize {
		if n%250_000 == 0 && n > 0 {
			progress(n)
		}
		separator := ","
		if n == 0 {
			separator = "["
		}
		row, column := scattered(n)
		p := gridFeature(row, column)
		fmt.Fprintf(w, "%s{\"location\":{\"latitude\":%d,\"longitude\":%d},\"name\":\"%d Row %d, Benchmark, NJ 07945, USA\"}\n",
			separator, p.Lat, p.Lng, column, row)
	}
	fmt.Fprintln(w, "]")
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

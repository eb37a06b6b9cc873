package feature

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxRecord is the most bytes that a record of CSV may have: a quote left open must not take in the rest of the file.
const maxRecord = 1 << 20

// required are the columns that a file must have, in any order.
var required = [...]string{"name", "latitude", "longitude"}

// decodeCSV yields the features of CSV (RFC 4180) whose first record names the columns name, latitude and longitude,
// in any order and case. Other columns are details or ignored. Latitude and longitude are decimal degrees: a number beyond their range
// is an error, and never taken to be E7.
func decodeCSV(in io.Reader, yield func(Described) bool) error {
	bounded := &io.LimitedReader{R: in, N: maxRecord}
	records := csv.NewReader(bounded)
	records.ReuseRecord = true
	last := 0
	next := func() ([]string, error) {
		record, err := records.Read()
		var syntax *csv.ParseError
		switch {
		case bounded.N == 0:
			return nil, located(last+1, "", fmt.Errorf("a record longer than %d bytes; is a quote left open?", maxRecord))
		case errors.As(err, &syntax):
			return nil, located(syntax.StartLine, "", syntax.Err)
		case err == io.EOF:
			return nil, err
		case err != nil:
			return nil, located(last+1, "", err)
		}
		bounded.N = maxRecord
		last, _ = records.FieldPos(len(record) - 1)
		return record, nil
	}

	header, err := next()
	if err != nil {
		return err
	}
	at, err := findColumns(header)
	if err != nil {
		return located(last, "", err)
	}
	takes := make([]func(*Details, string), len(header))
	for i, title := range header {
		takes[i] = details[strings.ToLower(strings.TrimSpace(title))]
	}
	for {
		record, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		f, column, err := parseRecord(record[at[0]], record[at[1]], record[at[2]])
		if err != nil {
			line, _ := records.FieldPos(at[column])
			return located(line, required[column], err)
		}
		d := Described{Feature: f}
		for i, take := range takes {
			if take != nil {
				take(&d.Details, record[i])
			}
		}
		if !yield(d) {
			return nil
		}
	}
}

func findColumns(header []string) (at [len(required)]int, err error) {
	for c, name := range required {
		at[c] = -1
		for i, title := range header {
			if !strings.EqualFold(strings.TrimSpace(title), name) {
				continue
			}
			if at[c] >= 0 {
				return at, fmt.Errorf("two columns %s", name)
			}
			at[c] = i
		}
		if at[c] < 0 {
			return at, fmt.Errorf("neither JSON nor CSV: the first line of CSV names the columns name, latitude and longitude, and there is no %s", name)
		}
	}
	return at, nil
}

// parseRecord returns the feature, or an error and the column it is about.
func parseRecord(name, lat, lng string) (f Feature, column int, err error) {
	if err := checkText(name); err != nil {
		return f, 0, err
	}
	if f.Location.Lat, err = parseDegrees(strings.TrimSpace(lat), 90); err != nil {
		return f, 1, err
	}
	if f.Location.Lng, err = parseDegrees(strings.TrimSpace(lng), 180); err != nil {
		return f, 2, err
	}
	f.Name = strings.Clone(name) // the record is one string: without this its numbers would stay in memory
	return f, 0, nil
}

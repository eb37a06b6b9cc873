package tutorial

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const wholeNumber = "a whole number from -2147483648 to 2147483647"

func readCSV(in io.Reader, all users) error {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	var columns []string
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if columns == nil {
			for _, name := range record {
				columns = append(columns, strings.ToLower(strings.TrimSpace(name)))
			}
			continue
		}
		u, err := csvRow(columns, record)
		if err == nil {
			err = all.add(u)
		}
		if err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func csvRow(columns, record []string) (u row, err error) {
	for i, text := range record {
		switch columns[i] {
		case "id":
			var id int32
			id, err = csvNumber("id", text)
			u.ID = &id
		case "name":
			u.Name = text
		case "age":
			if text != "" {
				u.Age, err = csvNumber("age", text)
			}
		case "email":
			u.Email = text
		}
		if err != nil {
			return u, err
		}
	}
	return u, nil
}

func csvNumber(field, text string) (int32, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s: %.40q is not %s", field, text, wholeNumber)
	}
	return int32(n), nil
}

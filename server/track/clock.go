package track

import (
	"fmt"
	"strings"
	"time"
)

// layouts are how files write times; where the zone is missing it is UTC.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02"}

// moment is the time that a text says, in milliseconds since 1970; timeless where it says nothing.
func moment(text string) (int64, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return timeless, nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("%q is not a time", excerpt(text))
}

// excerpt is a text as an error may show it.
func excerpt(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}

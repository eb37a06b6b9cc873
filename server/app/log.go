package app

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode"
)

// newLog returns a log of lines of text, or of JSON. Whatever is logged, a line stays one line and has nothing in it that a
// terminal obeys: text values are quoted where they have such characters, and those of JSON have them escaped.
func newLog(out io.Writer, format string, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		o.ReplaceAttr = printable
		return slog.New(slog.NewJSONHandler(out, o))
	}
	return slog.New(slog.NewTextHandler(out, o))
}

func checkLogFormat(format string) error {
	if format != "text" && format != "json" {
		return fmt.Errorf("-log-format: %q is neither text nor json", format)
	}
	return nil
}

// printable escapes what JSON may have in it as it is, but a terminal would obey, such as U+009B.
func printable(_ []string, a slog.Attr) slog.Attr {
	var s string
	switch v := a.Value.Any().(type) {
	case string:
		s = v
	case error:
		s = v.Error()
	default:
		return a
	}
	hidden := func(r rune) bool { return r >= 0x7f && !unicode.IsPrint(r) }
	if strings.ContainsFunc(s, hidden) {
		var b strings.Builder
		for _, r := range s {
			if hidden(r) {
				b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
			} else {
				b.WriteRune(r)
			}
		}
		a.Value = slog.StringValue(b.String())
	}
	return a
}

package feature

import (
	"strings"
	"unicode/utf8"
)

// details says what files call a feature's details, in lower case, and takes a value of each. Files of others have anything
// under these names: a value is made to fit or, where that makes no sense, left out. The first of several is taken.
var details = map[string]func(*Details, string){
	"description": func(d *Details, v string) { take(&d.Description, fitDescription(v)) },
	"category":    func(d *Details, v string) { take(&d.Category, fitCategory(v)) },
	"web_address": takeWebAddress, "webaddress": takeWebAddress, "url": takeWebAddress, "website": takeWebAddress,
}

func take(field *string, value string) {
	if *field == "" {
		*field = strings.Clone(value) // it may be a piece of a long record
	}
}

// fitDescription cuts off what is too long.
func fitDescription(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// fitCategory writes a category in the characters that one has: "Café & Bar" is "cafe-bar".
func fitCategory(text string) string {
	category := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r < utf8.RuneSelf && inCategory(byte(r)):
			return r
		}
		return -1
	}, strings.TrimSpace(folded(text)))
	return strings.Trim(category[:min(len(category), maxCategory)], "-")
}

func takeWebAddress(d *Details, text string) {
	if text = strings.TrimSpace(text); checkWebAddress(text) == nil {
		take(&d.WebAddress, text)
	}
}

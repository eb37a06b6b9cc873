package feature

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text as words are compared: each of its words with a space before it, in lower case, without accents.
//
// A word is letters and digits; an apostrophe within is left out. Chinese and Japanese characters are words of their own,
// as there is no space between their words.
func folded(text string) string {
	b := make([]byte, 0, len(text)+1)
	within := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= utf8.RuneSelf:
			return foldedUnicode(text)
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
			fallthrough
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			if !within {
				b, within = append(b, ' '), true
			}
			b = append(b, c)
		default:
			within = within && c == '\''
		}
	}
	return string(b)
}

// unaccented are letters that are no others with accents, but written so by those who lack them.
var unaccented = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ı': "i", 'ł': "l", 'ŧ': "t", 'ς': "σ",
}

func foldedUnicode(text string) string {
	var b strings.Builder
	within := false
	for _, r := range norm.NFKD.String(text) {
		r = unicode.ToLower(r)
		alone := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsNumber(r), unicode.Is(unicode.Mc, r):
			if !within || alone {
				b.WriteByte(' ')
			}
			within = !alone
			if s, ok := unaccented[r]; ok {
				b.WriteString(s)
			} else {
				b.WriteRune(r)
			}
		default:
			within = within && (r == '\'' || r == '’')
		}
	}
	return b.String()
}

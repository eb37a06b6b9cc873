package feature

import (
	"errors"
	"fmt"
	"strconv"
)

// significant is how many leading digits parseDegrees looks at: as many as a uint64 holds, and more than it takes to round
// any value in range.
const significant = 19

// parseDegrees returns the E7 value of a decimal number of degrees, with or without an exponent. The conversion is
// exact; what lies beyond the seventh decimal is rounded, halves away from zero. The result is within ±limit degrees.
func parseDegrees[T string | []byte](text T, limit int64) (int32, error) {
	i := 0
	negative := len(text) > 0 && text[0] == '-'
	if negative || len(text) > 0 && text[0] == '+' {
		i++
	}
	value, exponent, kept := uint64(0), 7, 0 // in E7 the number is value × 10^exponent
	digits, fraction := 0, false
	for ; i < len(text); i++ {
		if text[i] == '.' && !fraction {
			fraction = true
			continue
		}
		if text[i] < '0' || text[i] > '9' {
			break
		}
		digits++
		if fraction {
			exponent--
		}
		if kept == significant {
			exponent++
		} else if value = value*10 + uint64(text[i]-'0'); value > 0 {
			kept++
		}
	}
	if i < len(text) && digits > 0 && (text[i] == 'e' || text[i] == 'E') {
		power, err := strconv.Atoi(string(text[i+1:]))
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			digits = 0
		}
		exponent += min(max(power, -1<<30), 1<<30)
		i = len(text)
	}
	if digits == 0 || i < len(text) {
		return 0, fmt.Errorf("%s is not a number", excerpt(text))
	}

	bound := uint64(limit) * 1e7
	for ; exponent > 0 && value > 0 && value <= bound; exponent-- {
		value *= 10
	}
	for ; exponent < -1 && value > 0; exponent++ {
		value /= 10
	}
	if exponent == -1 {
		value = (value + 5) / 10
	}
	switch {
	case value > bound:
		return 0, fmt.Errorf("%s is not between -%d and %d", excerpt(text), limit, limit)
	case negative:
		return int32(-int64(value)), nil
	}
	return int32(value), nil
}

// parseE7 returns the value of a whole number of E7 units, which must lie within ±limit degrees.
func parseE7(text []byte, limit int64) (int32, error) {
	value, err := strconv.ParseInt(string(text), 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, fmt.Errorf("%s is not a whole number of E7 units (degrees × 10⁷)", excerpt(text))
	}
	if bound := limit * 1e7; err != nil || value < -bound || value > bound {
		return 0, fmt.Errorf("%s is not between -%d and %d", excerpt(text), bound, bound)
	}
	return int32(value), nil
}

// excerpt quotes text for an error message, cut off where it is long.
func excerpt[T string | []byte](text T) string {
	const most = 40
	if len(text) > most {
		return strconv.Quote(string(text[:most]) + "…")
	}
	return strconv.Quote(string(text))
}

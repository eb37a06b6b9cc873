package feature

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestParseDegrees(t *testing.T) {
	for _, test := range []struct {
		text string
		want int32
	}{
		{"0", 0},
		{"-0", 0},
		{"40.9146138", 409146138},
		{"-74.6188906", -746188906},
		{"+1.5", 15000000},
		{".5", 5000000},
		{"5.", 50000000},
		{"007", 70000000},
		{"180", 1800000000},
		{"-180.0000000", -1800000000},
		{"0.1", 1000000},
		{"0.0000001", 1},
		{"0.00000005", 1},
		{"-0.00000005", -1},
		{"0.00000004999999999999999999999999", 0},
		{"0.000000149999999999999999999999999", 1},
		{"12.34567895", 123456790},
		{"12.345678949999", 123456789},
		{"179.99999999", 1800000000},
		{"180.00000004", 1800000000},
		{"4.09146138e1", 409146138},
		{"1e2", 1000000000},
		{"1E-7", 1},
		{"5e-8", 1},
		{"4e-8", 0},
		{"1e-999999999999999999999", 0},
		{"0e999999999999999999999", 0},
		{"1800000000e-7", 1800000000},
		{"0." + strings.Repeat("0", 30) + "1e31", 10000000},
		{"1" + strings.Repeat("0", 30) + "e-30", 10000000},
	} {
		for name, parse := range map[string]func() (int32, error){
			"string": func() (int32, error) { return parseDegrees(test.text, 180) },
			"bytes":  func() (int32, error) { return parseDegrees([]byte(test.text), 180) },
		} {
			if got, err := parse(); err != nil || got != test.want {
				t.Errorf("parseDegrees(%s %q) = %d, %v, want %d", name, test.text, got, err, test.want)
			}
		}
	}
}

func TestParseDegreesFails(t *testing.T) {
	const notNumber, outside = "is not a number", "is not between -90 and 90"
	for _, test := range []struct{ text, want string }{
		{"", `"" is not a number`},
		{"-", notNumber},
		{".", notNumber},
		{"+.e1", notNumber},
		{"1e", notNumber},
		{"1e1.5", notNumber},
		{"1e+-1", notNumber},
		{"e5", notNumber},
		{"--1", notNumber},
		{"1.2.3", notNumber},
		{"1,5", notNumber},
		{" 1", notNumber},
		{"1_0", notNumber},
		{"0x1p4", notNumber},
		{"40°", notNumber},
		{"NaN", notNumber},
		{"Inf", notNumber},
		{"-Infinity", notNumber},
		{"91.2", `"91.2" is not between -90 and 90`},
		{"90.00000005", outside},
		{"-90.0000001", outside},
		{"409146138", outside},
		{"18446744073709551616", outside},
		{"18446744073709551617e-10", outside},
		{"1e999999999999999999999", outside},
		{strings.Repeat("9", 100), `"` + strings.Repeat("9", 40) + `…" is not between -90 and 90`},
	} {
		got, err := parseDegrees(test.text, 90)
		if err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("parseDegrees(%q) = %d, %v, want an error that ends with %q", test.text, got, err, test.want)
		}
	}
}

// FuzzParseDegrees holds parseDegrees against exact arithmetic.
func FuzzParseDegrees(f *testing.F) {
	for _, text := range []string{"40.9146138", "-180", "1e-7", "0.00000005", "90.00000005", "+.5E+1", "12345678901234567890e-18", "", "1e", "NaN"} {
		f.Add(text)
	}
	number := regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE]([+-]?[0-9]+))?$`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseDegrees(text, 180)
		match := number.FindStringSubmatch(text)
		if match == nil {
			if err == nil {
				t.Fatalf("parseDegrees(%q) = %d, want an error", text, got)
			}
			return
		}
		if power, err := strconv.Atoi(match[3]); match[3] != "" && (err != nil || power < -1000 || power > 1000) {
			return // too large for exact arithmetic in good time
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("math/big cannot read %q", text)
		}
		e7, _ := new(big.Int).SetString(exact.Mul(exact, big.NewRat(1e7, 1)).FloatString(0), 10) // halves away from zero
		if e7.CmpAbs(big.NewInt(180e7)) > 0 {
			if err == nil {
				t.Fatalf("parseDegrees(%q) = %d, want an error", text, got)
			}
		} else if err != nil || int64(got) != e7.Int64() {
			t.Fatalf("parseDegrees(%q) = %d, %v, want %v", text, got, err, e7)
		}
	})
}

package metrics

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

const totalSuffix = "_total"

// appendHeader appends the family's HELP and TYPE lines. OpenMetrics names a
// counter without its suffix and escapes quotes in the help, the text format
// does neither.
func appendHeader(b []byte, f *Family, format Format) []byte {
	name, typ := f.Name, f.Type.String()
	help := strings.ToValidUTF8(f.Help, "\uFFFD")
	if format == OpenMetrics {
		if f.Type == Counter {
			name = strings.TrimSuffix(name, totalSuffix)
		}
		if f.Type == Untyped {
			typ = "unknown"
		}
	}
	b = append(b, "# HELP "...)
	b = append(b, name...)
	b = append(b, ' ')
	b = appendEscaped(b, help, format == OpenMetrics)
	b = append(b, "\n# TYPE "...)
	b = append(b, name...)
	b = append(b, ' ')
	b = append(b, typ...)
	return append(b, '\n')
}

// isClean reports whether s can be written between quotes as it is, which holds
// for nearly every name in Kafka. It may say no where the answer is yes.
func isClean(s string) bool {
	for i := range len(s) {
		if special[s[i]] {
			return false
		}
	}
	return true
}

// special marks the bytes that are escaped and those that need a look at UTF-8.
var special = func() (set [256]bool) {
	set['\\'], set['\n'], set['"'] = true, true, true
	for c := utf8.RuneSelf; c < len(set); c++ {
		set[c] = true
	}
	return set
}()

// appendSanitized appends s as it stands between the quotes of a label. What is
// not UTF-8 is replaced: a scrape with one invalid byte would be refused whole.
func appendSanitized(b []byte, s string) []byte {
	return appendEscaped(b, strings.ToValidUTF8(s, "\uFFFD"), true)
}

func appendEscaped(b []byte, s string, quotes bool) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			b = append(b, `\\`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '"' && quotes:
			b = append(b, `\"`...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// appendFloat appends v as both formats read it. Whole numbers, which most
// floats here are (times, sizes), are written as such: shorter, and faster than
// the search for the shortest decimal that is needed otherwise.
func appendFloat(b []byte, v float64) []byte {
	const exact = 1 << 53 // up to here a float64 holds every whole number
	if v == math.Trunc(v) && math.Abs(v) <= exact {
		return strconv.AppendInt(b, int64(v), 10)
	}
	switch {
	case math.IsNaN(v):
		return append(b, "NaN"...)
	case math.IsInf(v, +1):
		return append(b, "+Inf"...)
	case math.IsInf(v, -1):
		return append(b, "-Inf"...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// Itoa returns n in decimal, for labels such as the partition. Small numbers
// that are not negative, as nearly all partitions and brokers are, cost no
// allocation.
func Itoa(n int) string {
	if 0 <= n && n < len(decimals) {
		return decimals[n]
	}
	return strconv.Itoa(n)
}

var decimals = func() (table [4096]string) {
	var digits []byte
	var ends [len(table)]int
	for n := range table {
		digits = strconv.AppendInt(digits, int64(n), 10)
		ends[n] = len(digits)
	}
	all, start := string(digits), 0 // one allocation for all of them
	for n, end := range ends {
		table[n], start = all[start:end], end
	}
	return table
}()

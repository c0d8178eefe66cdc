package metrics

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Format is one of the two formats that a Page can be written in.
type Format uint8

// The formats: Prometheus text 0.0.4 and OpenMetrics 1.0.0.
const (
	Text Format = iota
	OpenMetrics
)

// ContentType returns the value of the Content-Type header.
func (f Format) ContentType() string {
	if f == OpenMetrics {
		return "application/openmetrics-text; version=1.0.0; charset=utf-8"
	}
	return "text/plain; version=0.0.4; charset=utf-8"
}

// Negotiate returns the format that the Accept header likes best: OpenMetrics
// where it stands, in version 1.0.0 or in none, above text (or before it, at the
// same q), else text, whatever was asked for. Protobuf is not spoken here, so a
// client that would rather have that gets its next choice. Names need no escaping
// in either format, so that an escaping parameter changes nothing.
func Negotiate(h http.Header) Format {
	best, bestQ := Text, 0.0
	for clause := range clauses(h, "Accept") {
		media, params, err := mime.ParseMediaType(clause)
		if err != nil {
			continue
		}
		var f Format
		version := params["version"]
		switch {
		case media == "application/openmetrics-text" && (version == "1.0.0" || version == ""):
			f = OpenMetrics
		case media == "text/plain" && (version == "0.0.4" || version == ""):
			f = Text
		default:
			continue
		}
		if q := quality(params["q"]); q > bestQ {
			best, bestQ = f, q
		}
	}
	return best
}

// AcceptsGzip reports whether the Accept-Encoding header allows gzip, by name or
// by a wildcard.
func AcceptsGzip(h http.Header) bool {
	wildcard := false
	for clause := range clauses(h, "Accept-Encoding") {
		coding, params, _ := strings.Cut(clause, ";")
		_, q, _ := strings.Cut(params, "=")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return quality(q) > 0
		case "*":
			wildcard = quality(q) > 0
		}
	}
	return wildcard
}

// clauses yields the elements of a list header, which may stand on several lines.
func clauses(h http.Header, name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, line := range h[name] {
			for clause := range strings.SplitSeq(line, ",") {
				if !yield(clause) {
					return
				}
			}
		}
	}
}

// quality returns the weight that a client gave: 1 where it gave none, 0 (do not
// send this) where it cannot be read.
func quality(s string) float64 {
	if s == "" {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return 0
	}
	return q
}

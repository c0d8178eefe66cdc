// Package metrics declares metric families and writes them in the Prometheus
// text format and in OpenMetrics, so that a scrape does nothing but write bytes
// that have long been there.
//
// The unit is the segment: the sample lines of one family of one cluster, as a
// deflate stream of its own that begins with an empty window and is flushed to a
// whole byte but not ended, kept with the CRC-32 and the length of its text.
// Such streams may be put one after the other in any order, and the result is
// again a deflate stream. So an Encoder turns each new snapshot of a cluster
// into a Part (its segments) without looking at other clusters; a Page puts the
// segments of all clusters under the header lines of their family; and a scrape
// is a gzip header, the segments, the caller's own tail, and a trailer whose
// checksum is combined from those of the pieces. The sample lines are the same
// in both formats, only the headers differ. A client that does not take gzip
// gets the same segments, inflated on the way.
package metrics

import (
	"fmt"
	"strings"
)

// ClusterLabel is the label that every sample carries first.
const ClusterLabel = "kafka_cluster"

// Type is what the header lines say a family is.
type Type uint8

// The types of a family. Untyped is called unknown in OpenMetrics.
const (
	Gauge Type = iota
	Counter
	Untyped
)

// String returns the type's name in the Prometheus text format.
func (t Type) String() string {
	switch t {
	case Gauge:
		return "gauge"
	case Counter:
		return "counter"
	case Untyped:
		return "untyped"
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// Family declares a metric: one declaration serves the exposition, the
// documentation and the tests. It must not be changed after its first use.
type Family struct {
	Name   string   // of the samples, so that of a counter ends in _total
	Help   string   // one sentence, in any characters
	Type   Type     // Gauge if not given
	Labels []string // beside kafka_cluster, in the order they are written
}

// Validate reports what would make the family's output unreadable or ambiguous:
// a name or label outside the classic character set, a label given twice or
// reserved, a counter without _total, an unknown type.
func (f *Family) Validate() error {
	if !validName(f.Name, true) {
		return fmt.Errorf("metric %q: not a valid name", f.Name)
	}
	if f.Type > Untyped {
		return fmt.Errorf("metric %s: unknown type %d", f.Name, f.Type)
	}
	if f.Type == Counter && (!strings.HasSuffix(f.Name, totalSuffix) || f.Name == totalSuffix) {
		return fmt.Errorf("metric %s: the name of a counter must end in %s", f.Name, totalSuffix)
	}
	for i, label := range f.Labels {
		if !validName(label, false) || strings.HasPrefix(label, "__") {
			return fmt.Errorf("metric %s: label %q is not a valid name", f.Name, label)
		}
		if label == ClusterLabel {
			return fmt.Errorf("metric %s: label %s is written by itself, do not declare it", f.Name, label)
		}
		for _, earlier := range f.Labels[:i] {
			if label == earlier {
				return fmt.Errorf("metric %s: label %s is declared twice", f.Name, label)
			}
		}
	}
	return nil
}

// validName reports whether s is a name that needs no quotes in either format.
func validName(s string, colons bool) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case c == ':' && colons:
		case '0' <= c && c <= '9' && i > 0:
		default:
			return false
		}
	}
	return s != ""
}

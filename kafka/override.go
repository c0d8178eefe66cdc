package kafka

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// override is a release that the user named. Nil leaves it to the brokers.
type override struct{ index int } // in releases

// index010 is the first release that answers ApiVersions.
var index010 = indexOf("0.10.0")

func indexOf(name string) int {
	for i, r := range releases {
		if r.name == name {
			return i
		}
	}
	panic("kafka: no such release: " + name)
}

// parseVersion reads the name of a release ("0.9.0.1", "2.8", "4.0.0"); "" and
// "auto" are none. One that is newer than those in the table counts as the last.
func parseVersion(text string) (*override, error) {
	if text == "" || text == "auto" {
		return nil, nil
	}
	var numbers []int
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return nil, errVersion(text)
		}
		numbers = append(numbers, int(n))
	}
	if len(numbers) < 2 || len(numbers) > 4 {
		return nil, errVersion(text)
	}
	found := -1
	for i, r := range releases {
		if !r.after(numbers) {
			found = i
		}
	}
	if found < 0 {
		return nil, fmt.Errorf("the Kafka release %q is older than 0.8, the oldest that can be watched", text)
	}
	return &override{index: found}, nil
}

func errVersion(text string) error {
	return fmt.Errorf("%q is no release of Kafka: write auto, or one such as 0.9.0.1, 2.8 or 4.0.0", text)
}

// after says whether the release came after the one with these numbers.
func (r release) after(numbers []int) bool {
	for i, part := range strings.Split(r.name, ".") {
		n, _ := strconv.Atoi(part) // the names are ours
		if i >= len(numbers) {
			return n > 0
		}
		if n != numbers[i] {
			return n > numbers[i]
		}
	}
	return false
}

// caution says what this release makes of all brokers.
func (o *override) caution() caution {
	switch {
	case o.index >= index010:
		return asksVersions
	case releases[o.index].name == "0.8":
		return is08
	default:
		return is09
	}
}

// bound leaves of what a broker knows what it would know if it were of the release,
// and how to log in.
func (o *override) bound(known spans) spans {
	allowed := map[kmsg.Key]int16{}
	for _, r := range releases[:o.index+1] {
		for key, version := range r.brings {
			allowed[key] = version
		}
	}
	bounded := spans{}
	for _, login := range [...]kmsg.Key{kmsg.SASLHandshake, kmsg.SASLAuthenticate} {
		if s, ok := known[login.Int16()]; ok {
			bounded[login.Int16()] = s
		}
	}
	for key, newest := range allowed {
		if s, ok := known[key.Int16()]; ok {
			bounded[key.Int16()] = span{oldest: s.oldest, newest: min(s.newest, newest)}
		}
	}
	return bounded
}

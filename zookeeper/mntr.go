package zookeeper

import (
	"fmt"
	"strings"
)

// parseMntr reads the reply to mntr: one name and one value in a line, between
// them a tab. Names with labels of their own (quantiles, from 3.6) are left out,
// and so is what is not a finite number: the version, the state, NaN.
func parseMntr(reply []byte) (map[string]float64, error) {
	stats := make(map[string]float64, 32)
	known := false
	for line := range lines(reply) {
		name, value, found := strings.Cut(line, "\t")
		if !found || !strings.HasPrefix(name, "zk_") || strings.ContainsFunc(name, notInName) {
			continue
		}
		known = true
		setNumber(stats, name, value)
	}
	if !known {
		return nil, fmt.Errorf("%w: it has no zk_ line and begins with %.40q", errBadReply, reply)
	}
	return stats, nil
}

package zookeeper

import (
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/cluster"
)

// maxStats is how many numbers of one server are taken. ZooKeeper 3.9 tells about
// 400 without labels.
const maxStats = 2000

// setNumber sets a value that is a finite number, and leaves any other out.
func setNumber(stats map[string]float64, name, text string) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err == nil {
		setStat(stats, name, v)
	}
}

// unknown is what ZooKeeper tells of a size or a count that it does not know.
const unknown = -1

// setStat sets a value under a name that can be one of a metric.
func setStat(stats map[string]float64, name string, v float64) {
	if v != unknown && !math.IsNaN(v) && !math.IsInf(v, 0) && !strings.ContainsFunc(name, notInName) && len(stats) < maxStats {
		stats[name] = v
	}
}

func notInName(c rune) bool {
	return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
}

// shared are the statistics that are told of every server, under one name each.
var shared = func() map[string]bool {
	names := make(map[string]bool, len(cluster.ServerStats))
	for _, name := range cluster.ServerStats {
		names[name] = true
	}
	return names
}()

// addStats adds what mntr or the AdminServer told to what srvr did, which is kept
// where both tell: srvr has the value on every release.
func addStats(server *cluster.Server, told map[string]float64, all bool) {
	more := maps.Clone(told)
	for name, v := range told {
		if !shared[name] {
			continue
		}
		delete(more, name)
		if _, known := server.Stats[name]; !known {
			server.Stats[name] = v
		}
	}
	if all {
		server.More = more
	}
}

package zookeeper

import (
	"fmt"
	"strings"

	"github.com/evenkeel/evenkeel/cluster"
)

// srvrReply is what a server tells of itself.
type srvrReply struct {
	version string
	mode    cluster.ServerMode
	stats   map[string]float64
}

var srvrModes = map[string]cluster.ServerMode{
	"leader":     cluster.ModeLeader,
	"follower":   cluster.ModeFollower,
	"observer":   cluster.ModeObserver,
	"standalone": cluster.ModeStandalone,
	"read-only":  cluster.ModeReadOnly,
}

// srvrStats are the numbers of srvr under the names that mntr has for them.
var srvrStats = map[string]string{
	"Received":    "zk_packets_received",
	"Sent":        "zk_packets_sent",
	"Connections": "zk_num_alive_connections",
	"Outstanding": "zk_outstanding_requests",
	"Node count":  "zk_znode_count",
}

// latencyNames are the parts of srvr's one line of latencies, in milliseconds.
var latencyNames = []string{"zk_min_latency", "zk_avg_latency", "zk_max_latency"}

// parseSrvr reads the reply to srvr. A number that is not one is left out; a reply
// without a mode is an error, because the mode is what was asked for.
func parseSrvr(reply []byte) (srvrReply, error) {
	r := srvrReply{stats: make(map[string]float64, 8)}
	for line := range lines(reply) {
		key, value, found := strings.Cut(line, ":")
		if !found {
			continue
		}
		value = strings.TrimSpace(value)
		switch key {
		case "Zookeeper version":
			r.version = release(value)
		case "Mode":
			if r.mode = srvrModes[value]; r.mode == "" {
				return srvrReply{}, fmt.Errorf("%w: unknown mode %.40q", errBadReply, value)
			}
		case "Latency min/avg/max":
			// Whole milliseconds up to 3.5, from 3.6 on the average is a fraction.
			if parts := strings.Split(value, "/"); len(parts) == len(latencyNames) {
				for i, name := range latencyNames {
					setNumber(r.stats, name, parts[i])
				}
			}
		default:
			if name, ok := srvrStats[key]; ok {
				setNumber(r.stats, name, value)
			}
		}
	}
	if r.mode == "" {
		return srvrReply{}, fmt.Errorf("%w: it tells no mode and begins with %.40q", errBadReply, reply)
	}
	return r, nil
}

// release cuts a full version down to what people call it: "3.4.6-1569965, built
// on ..." to 3.4.6, and "3.6.4--d65253dc..., built on ..." to 3.6.4. What follows
// the last dash is the revision. Anything that does not look like a version is "".
func release(full string) string {
	version, _, _ := strings.Cut(full, ",")
	if i := strings.LastIndexByte(version, '-'); i >= 0 {
		version = strings.TrimRight(version[:i], "-")
	}
	odd := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune(".-_+", c)
	}
	if len(version) > 64 || strings.ContainsFunc(version, odd) {
		return ""
	}
	return version
}

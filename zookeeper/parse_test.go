package zookeeper

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

// stats builds the numbers of srvr in the order in which srvr has them.
func stats(minLatency, avg, maxLatency, received, sent, connections, outstanding, nodes float64) map[string]float64 {
	return map[string]float64{
		"zk_min_latency": minLatency, "zk_avg_latency": avg, "zk_max_latency": maxLatency,
		"zk_packets_received": received, "zk_packets_sent": sent, "zk_num_alive_connections": connections,
		"zk_outstanding_requests": outstanding, "zk_znode_count": nodes,
	}
}

func TestParseSrvr(t *testing.T) {
	for _, c := range []struct {
		file    []string
		version string
		mode    cluster.ServerMode
		stats   map[string]float64
	}{
		{[]string{"3.4.6", "srvr.txt"}, "3.4.6", cluster.ModeLeader, stats(0, 2, 71, 1328, 1330, 3, 0, 141)},
		{[]string{"3.5.10", "srvr.txt"}, "3.5.10", cluster.ModeLeader, stats(0, 1, 35, 911, 915, 4, 1, 133)},
		{[]string{"3.6.4", "srvr.txt"}, "3.6.4", cluster.ModeFollower, stats(0, 0.4167, 13, 37, 36, 2, 0, 138)},
		{[]string{"3.8.6", "srvr.txt"}, "3.8.6", cluster.ModeStandalone, stats(0, 0.2778, 6, 21, 21, 2, 0, 26)},
		{[]string{"3.9.5", "srvr.txt"}, "3.9.5", cluster.ModeLeader, stats(0, 0.5, 9, 402, 405, 5, 0, 152)},
		{[]string{"read-only.txt"}, "3.5.10", cluster.ModeReadOnly, stats(0, 0, 0, 2, 1, 1, 0, 5)},
		{[]string{"observer.txt"}, "3.4.6", cluster.ModeObserver, stats(0, 0, 1, 5, 4, 1, 0, 141)},
	} {
		t.Run(strings.Join(c.file, "/"), func(t *testing.T) {
			got, err := parseSrvr([]byte(recorded(t, c.file...)))
			if err != nil {
				t.Fatal(err)
			}
			if got.version != c.version || got.mode != c.mode {
				t.Errorf("version %q and mode %q, want %q and %q", got.version, got.mode, c.version, c.mode)
			}
			if diff := cmp.Diff(c.stats, got.stats); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseSrvrWithoutAMode(t *testing.T) {
	for name, reply := range map[string]string{
		"empty":           "",
		"http":            "HTTP/1.1 400 Bad Request\r\n\r\n",
		"unknown mode":    "Zookeeper version: 3.4.6-1\nMode: looking\n",
		"cut in the mode": "Zookeeper version: 3.4.6-1\nMode: leader",
	} {
		if got, err := parseSrvr([]byte(reply)); !errors.Is(err, errBadReply) {
			t.Errorf("%s: got %+v and error %v, want a bad reply", name, got, err)
		}
	}
}

func TestParseSrvrLeavesOutWhatIsNoNumber(t *testing.T) {
	got, err := parseSrvr([]byte("Latency min/avg/max: 0/NaN/x\nReceived: Infinity\nSent: 7\nMode: leader\nNode count: 12"))
	if err != nil {
		t.Fatal(err)
	}
	// The last line lacks its end, so 12 may be the beginning of 1200.
	want := map[string]float64{"zk_min_latency": 0, "zk_packets_sent": 7}
	if diff := cmp.Diff(want, got.stats); diff != "" {
		t.Error(diff)
	}
}

func TestRelease(t *testing.T) {
	for full, want := range map[string]string{
		"3.4.6-1569965, built on 02/23/2014 17:18 GMT":                                       "3.4.6",
		"3.6.4--d65253dcf68e9097c6e95a126463fd5fdeb4521c, built on 12/18/2022 18:10 GMT":     "3.6.4",
		"3.5.4-beta-7f51e5b68cf2f80176ff944a9ebd2abbc65e7327, built on 05/11/2018 16:27 GMT": "3.5.4-beta",
		"3.9.5":                        "3.9.5",
		"<b>3.9.5</b>-1":               "",
		strings.Repeat("9", 80) + "-1": "",
		"":                             "",
	} {
		if got := release(full); got != want {
			t.Errorf("release(%q) = %q, want %q", full, got, want)
		}
	}
}

func TestParseMntr(t *testing.T) {
	for release, c := range map[string]struct {
		want map[string]float64
		n    int
	}{
		"3.4.6":  {map[string]float64{"zk_watch_count": 37, "zk_followers": 2, "zk_synced_followers": 2, "zk_open_file_descriptor_count": 44}, 16},
		"3.5.10": {map[string]float64{"zk_followers": 2, "zk_pending_syncs": 0, "zk_max_proposal_size": 1013}, 19},
		"3.6.4":  {map[string]float64{"zk_quorum_size": 3, "zk_avg_latency": 0.4211, "zk_p999_readlatency": 1}, 46},
		"3.8.6":  {map[string]float64{"zk_znode_count": 26, "zk_avg_fsynctime": 0.25}, 45},
		"3.9.5":  {map[string]float64{"zk_quorum_size": 3, "zk_learners": 2, "zk_synced_followers": 2, "zk_readlatency_sum": 17}, 40},
	} {
		got, err := parseMntr([]byte(recorded(t, release, "mntr.txt")))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != c.n {
			t.Errorf("%s: %d numbers, want %d", release, len(got), c.n)
		}
		for name, want := range c.want {
			if v, ok := got[name]; !ok || v != want {
				t.Errorf("%s: %s = %v (there: %v), want %v", release, name, v, ok, want)
			}
		}
		for name := range maps.Keys(got) {
			if strings.ContainsAny(name, "{}") || name == "zk_version" || name == "zk_server_state" || name == "zk_synced_observers" && release == "3.6.4" {
				t.Errorf("%s: %s is no plain number", release, name)
			}
		}
	}
}

func TestParseMntrOddLines(t *testing.T) {
	got, err := parseMntr([]byte("zk_a\tNaN\nzk_b\tInfinity\nzk_c\t1e3\nzk_d 4\nx\t5\nzk_e\t-1\nzk_f\t99"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float64{"zk_c": 1000}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := parseMntr([]byte("imok\n")); !errors.Is(err, errBadReply) {
		t.Errorf("error %v, want a bad reply", err)
	}
}

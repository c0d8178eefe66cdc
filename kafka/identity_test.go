package kafka

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// told holds what real brokers answered to ApiVersions: each request's key and its
// newest form.
var told = map[string]string{
	"0.10.2.2": `0:2 1:3 2:1 3:2 4:0 5:0 6:3 7:1 8:2 9:2 10:0 11:1 12:0 13:0 14:0 15:0 16:0 17:0 18:0 19:1 20:0`,
	"1.1.1": `0:5 1:7 2:2 3:5 4:1 5:0 6:4 7:1 8:3 9:3 10:1 11:2 12:1 13:1 14:1 15:1 16:1 17:1 18:1 19:2 20:1 21:0 22:0 23:0
		24:0 25:0 26:0 27:0 28:0 29:0 30:0 31:0 32:1 33:0 34:0 35:0 36:0 37:0 38:0 39:0 40:0 41:0 42:0`,
	"2.1.1": `0:7 1:10 2:4 3:7 4:1 5:0 6:4 7:1 8:6 9:5 10:2 11:3 12:2 13:2 14:2 15:2 16:2 17:1 18:2 19:3 20:3 21:1 22:1 23:2
		24:1 25:1 26:1 27:0 28:2 29:1 30:1 31:1 32:2 33:1 34:1 35:1 36:0 37:1 38:1 39:1 40:1 41:1 42:1`,
	"2.4.1": `0:8 1:11 2:5 3:9 4:4 5:2 6:6 7:3 8:8 9:6 10:3 11:6 12:4 13:4 14:4 15:5 16:3 17:1 18:3 19:5 20:4 21:1 22:2 23:3
		24:1 25:1 26:1 27:0 28:2 29:1 30:1 31:1 32:2 33:1 34:1 35:1 36:1 37:1 38:2 39:1 40:1 41:1 42:2 43:2 44:1 45:0
		46:0 47:0`,
	"2.8.2": `0:9 1:12 2:6 3:11 4:5 5:3 6:7 7:3 8:8 9:7 10:3 11:7 12:4 13:4 14:5 15:5 16:4 17:1 18:3 19:7 20:6 21:2 22:4 23:4
		24:3 25:3 26:3 27:1 28:3 29:2 30:2 31:2 32:4 33:2 34:2 35:2 36:2 37:3 38:2 39:2 40:2 41:2 42:2 43:2 44:1 45:0
		46:0 47:0 48:1 49:1 50:0 51:0 56:0 57:0 60:0 61:0`,
	"3.3.2": `0:9 1:13 2:7 3:12 4:6 5:3 6:7 7:3 8:8 9:8 10:4 11:9 12:4 13:5 14:5 15:5 16:4 17:1 18:3 19:7 20:6 21:2 22:4 23:4
		24:3 25:3 26:3 27:1 28:3 29:3 30:3 31:3 32:4 33:2 34:2 35:4 36:2 37:3 38:3 39:2 40:2 41:3 42:2 43:2 44:1 45:0
		46:0 47:0 48:1 49:1 50:0 51:0 56:2 57:1 60:0 61:0 65:0 66:0 67:0`,
	"3.9.2": `0:11 1:17 2:9 3:12 4:7 5:4 6:8 7:3 8:9 9:9 10:6 11:9 12:4 13:5 14:5 15:5 16:5 17:1 18:4 19:7 20:6 21:2 22:5
		23:4 24:5 25:4 26:4 27:1 28:4 29:3 30:3 31:3 32:4 33:2 34:2 35:4 36:2 37:3 38:3 39:2 40:2 41:3 42:2 43:2 44:1
		45:0 46:0 47:0 48:1 49:1 50:0 51:0 56:3 57:1 58:0 60:1 61:0 65:0 66:1 67:0 68:0 69:0`,
	"3.3.2 in KRaft": `0:9 1:13 2:7 3:12 8:8 9:8 10:4 11:9 12:4 13:5 14:5 15:5 16:4 17:1 18:3 19:7 20:6 21:2 22:4 23:4 24:3 25:3 26:3
		27:1 28:3 29:3 30:3 31:3 32:4 33:2 34:2 35:4 36:2 37:3 42:2 43:2 44:1 45:0 46:0 47:0 48:1 49:1 55:1 57:1 60:0
		61:0 64:0 65:0 66:0`,
	"3.9.2 in KRaft": `0:11 1:17 2:9 3:12 8:9 9:9 10:6 11:9 12:4 13:5 14:5 15:5 16:5 17:1 18:4 19:7 20:6 21:2 22:5 23:4 24:5 25:4 26:4
		27:1 28:4 29:3 30:3 31:3 32:4 33:2 34:2 35:4 36:2 37:3 38:3 39:2 40:2 41:3 42:2 43:2 44:1 45:0 46:0 47:0 48:1
		49:1 50:0 51:0 55:2 57:1 60:1 61:0 64:0 65:0 66:1 68:0 69:0 74:0 75:0 80:0 81:0`,
	"4.4.0": `0:13 1:18 2:11 3:13 8:10 9:10 10:6 11:9 12:4 13:5 14:5 15:6 16:5 17:1 18:5 19:7 20:6 21:2 22:5 23:4 24:5 25:4
		26:5 27:2 28:6 29:3 30:3 31:3 32:4 33:2 34:2 35:5 36:2 37:3 38:3 39:2 40:2 41:3 42:3 43:2 44:1 45:1 46:0 47:0
		48:1 49:1 50:0 51:0 55:2 57:2 60:2 61:0 64:0 65:0 66:2 68:1 69:1 74:1 75:0 76:1 77:1 78:2 79:2 80:1 81:0 83:0
		84:0 85:1 86:0 87:1 88:1 89:1 90:1 91:0 92:0 93:0 94:0`,
}

// knownBy reads the ranges of a release out of told.
func knownBy(t *testing.T, release string) spans {
	t.Helper()
	known := spans{}
	for _, field := range strings.Fields(told[release]) {
		var key, newest int16
		if _, err := fmt.Sscanf(field, "%d:%d", &key, &newest); err != nil {
			t.Fatalf("%s: %q: %v", release, field, err)
		}
		known[key] = span{newest: newest}
	}
	return known
}

func TestIdentityOfRealBrokers(t *testing.T) {
	for _, tt := range []struct {
		broker, release string
		mode            cluster.Mode
		level           int16
	}{
		{"0.10.2.2", "0.10", cluster.ModeZooKeeper, 0},
		{"1.1.1", "1.1", cluster.ModeZooKeeper, 0},
		{"2.1.1", "2.1", cluster.ModeZooKeeper, 0},
		{"2.4.1", "2.4", cluster.ModeZooKeeper, 0},
		{"2.8.2", "2.8", cluster.ModeZooKeeper, 0},
		{"3.3.2", "3.3", cluster.ModeZooKeeper, 0},
		{"3.9.2", "3.9", cluster.ModeZooKeeper, 0},
		{"3.3.2 in KRaft", "3.3", cluster.ModeKRaft, 7},
		{"3.3.2 in KRaft", "3.4", cluster.ModeKRaft, 8}, // which differ in nothing else
		{"3.9.2 in KRaft", "3.9", cluster.ModeKRaft, 21},
		{"4.4.0", "4.4", cluster.ModeKRaft, 33},
		{"4.4.0", "4.4", cluster.ModeKRaft, 99}, // a later release that we know nothing of
	} {
		got := identify(knownBy(t, tt.broker), tt.level)
		if got.Release != tt.release || got.Mode != tt.mode || !got.AnswersVersions {
			t.Errorf("%s, level %d: release %q, mode %q, want %q and %q", tt.broker, tt.level, got.Release, got.Mode, tt.release, tt.mode)
		}
	}
}

func TestWhatReleasesCan(t *testing.T) {
	all := Identity{
		Release: "4.4", Mode: cluster.ModeKRaft, AnswersVersions: true,
		Groups: true, EmptyGroups: true, AllOffsets: true, BatchOffsets: true, Timestamps: true, StableOffsets: true,
		NamesController: true, TellsReplicas: true, Configs: true,
		Reassignments: true, DescribesCluster: true, Quorum: true, ElectLeaders: true,
	}
	of39 := all
	of39.Release, of39.Mode, of39.Quorum = "3.9", cluster.ModeZooKeeper, false
	of28 := of39
	of28.Release, of28.BatchOffsets = "2.8", false
	of24 := of28
	of24.Release, of24.DescribesCluster = "2.4", false
	of21 := of24
	of21.Release, of21.Reassignments, of21.ElectLeaders = "2.1", false, false
	of010 := of21
	of010.Release, of010.TellsReplicas, of010.Configs, of010.StableOffsets = "0.10", false, false, false
	for broker, want := range map[string]Identity{
		"4.4.0": all, "3.9.2": of39, "2.8.2": of28, "2.4.1": of24, "2.1.1": of21, "0.10.2.2": of010,
	} {
		if got := identify(knownBy(t, broker), 0); got != want {
			t.Errorf("%s: %+v\nwant %+v", broker, got, want)
		}
	}
	want09 := Identity{Release: "0.9", Mode: cluster.ModeZooKeeper, Groups: true}
	if got := identify(spans09, 0); got != want09 {
		t.Errorf("0.9: %+v, want %+v", got, want09)
	}
	want08 := Identity{Release: "0.8", Mode: cluster.ModeZooKeeper}
	if got := identify(spans08, 0); got != want08 {
		t.Errorf("0.8: %+v, want %+v", got, want08)
	}
}

// A service that speaks the protocol and has neither kind of controller behind it.
func TestNoMode(t *testing.T) {
	known := knownBy(t, "4.4.0")
	delete(known, keyDescribeQuorum)
	if got := identify(known, 0); got.Mode != "" || got.Quorum {
		t.Errorf("mode %q, want none", got.Mode)
	}
}

func TestIdentityBeforeTheFirstConnection(t *testing.T) {
	c := newTestClient(t)
	for registration, want := range map[int]Identity{
		0: {},
		1: {Release: "0.8", Mode: cluster.ModeZooKeeper},
		2: {Mode: cluster.ModeZooKeeper, Groups: true},
		3: {Mode: cluster.ModeZooKeeper, Groups: true, NamesController: true},
		4: {Mode: cluster.ModeZooKeeper, Groups: true, NamesController: true, EmptyGroups: true, AllOffsets: true, Timestamps: true},
		5: {Mode: cluster.ModeZooKeeper, Groups: true, NamesController: true, EmptyGroups: true, AllOffsets: true, Timestamps: true, StableOffsets: true},
	} {
		if got := c.Identity(Node{Addr: "k1:9092", Registration: registration}); got != want {
			t.Errorf("registration %d: %+v, want %+v", registration, got, want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{
		"0.8.2.2": "0.8", "0.9.0.1": "0.9", "0.10": "0.10.0", "0.10.1.1": "0.10.1", "0.10.2.2": "0.10.2", "0.11.0.3": "0.11",
		"1.0": "1.0", "1.1.1": "1.1", "2.8.1": "2.8", "3.9.2": "3.9", "4.0.0": "4.0", "4.4.0": "4.4", "4.9": "4.4", "5.0.0": "4.4",
	} {
		got, err := parseVersion(text)
		if err != nil || releases[got.index].name != want {
			t.Errorf("parseVersion(%q) = %+v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "auto"} {
		if got, err := parseVersion(text); got != nil || err != nil {
			t.Errorf("parseVersion(%q) = %+v, %v; want none", text, got, err)
		}
	}
	for _, text := range []string{"4", "four", "1.2.3.4.5", "-1.0", "0.7.2", "2.x", "2..8"} {
		if got, err := parseVersion(text); err == nil {
			t.Errorf("parseVersion(%q) = %+v, want an error", text, got)
		}
	}
}

func TestBadVersionIsTold(t *testing.T) {
	c := NewClient(Options{Version: "four"})
	t.Cleanup(c.Close)
	if _, err := c.Probe(within(t), Node{Addr: "k1:9092"}); err == nil || !strings.Contains(err.Error(), `"four" is no release`) {
		t.Errorf("Probe: %v", err)
	}
}

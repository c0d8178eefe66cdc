package zookeeper

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

// Whatever a server or a znode holds, a parser returns what it promises or an
// error. What follows are these promises.

func FuzzSrvr(f *testing.F) {
	for _, release := range []string{"3.4.6", "3.5.10", "3.6.4", "3.8.6", "3.9.5"} {
		f.Add([]byte(recorded(f, release, "srvr.txt")))
	}
	f.Add([]byte(recorded(f, "read-only.txt")))
	f.Add([]byte(notServingReply))
	f.Fuzz(func(t *testing.T, reply []byte) {
		got, err := parseSrvr(reply)
		if err != nil {
			if !errors.Is(err, errBadReply) || len(err.Error()) > 400 {
				t.Errorf("error %v", err)
			}
			return
		}
		if !slices.Contains(cluster.ServerModes, got.mode) || len(got.version) > 64 || len(got.stats) > 8 {
			t.Errorf("got %+v", got)
		}
		checkNumbers(t, got.stats)
	})
}

func FuzzMntr(f *testing.F) {
	for _, release := range []string{"3.4.6", "3.5.10", "3.6.4", "3.8.6", "3.9.5"} {
		f.Add([]byte(recorded(f, release, "mntr.txt")))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		got, err := parseMntr(reply)
		if err != nil && (!errors.Is(err, errBadReply) || len(err.Error()) > 400) {
			t.Errorf("error %v", err)
		}
		checkNumbers(t, got)
		for name := range got {
			if !strings.HasPrefix(name, "zk_") || strings.ContainsAny(name, "{} \"") {
				t.Errorf("name %q", name)
			}
		}
	})
}

func checkNumbers(t *testing.T, stats map[string]float64) {
	t.Helper()
	for name, v := range stats {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("%s = %v", name, v)
		}
	}
}

func FuzzRegistration(f *testing.F) {
	for _, text := range []string{broker08, broker09, broker28, "", "null", "[]", `{"version":2,"endpoints":[""]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRegistration(7, data)
		if r == nil || r.ID != 7 || (err == nil) != (len(r.Endpoints) > 0) {
			t.Fatalf("registration %+v, error %v", r, err)
		}
		for _, e := range r.Endpoints {
			if e.Port < 1 || e.Port > 65535 {
				t.Errorf("endpoint %+v", e)
			}
		}
	})
}

func FuzzController(f *testing.F) {
	f.Add([]byte(`{"version":2,"brokerid":0,"timestamp":"1","kraftControllerEpoch":-1}`))
	f.Add([]byte(`{"version":"1","id":"6Tu2UY4HS9yI8mnAGzdhJg"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := parseController(data); err == nil && (!c.Exists || c.ID < 0) {
			t.Errorf("controller %+v", c)
		}
		if id, err := parseClusterID(data); (err == nil) != (id != "") {
			t.Errorf("cluster id %q, error %v", id, err)
		}
	})
}

func FuzzTopic(f *testing.F) {
	for _, text := range []string{
		"", `{"version":1,"partitions":{"0":[0,1],"1":[1,0]}}`, `{"partitions":{"00":[1],"0":[2]}}`,
		`{"version":3,"topic_id":"x","partitions":{"0":[2,0,1]},"adding_replicas":{"0":[2]},"removing_replicas":{"0":[1]}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, partitions, err := parseTopic(data)
		if err != nil && partitions != nil {
			t.Errorf("%v and error %v", partitions, err)
		}
		for i, p := range partitions {
			if p.ID < 0 || i > 0 && partitions[i-1].ID >= p.ID || slices.ContainsFunc(p.Replicas, negative) ||
				slices.ContainsFunc(p.Adding, negative) || p.Leader != cluster.NoLeader || p.State != cluster.StateUnknown {
				t.Errorf("partition %+v", p)
			}
		}
	})
}

func negative(id int32) bool { return id < 0 }

func FuzzState(f *testing.F) {
	for _, text := range []string{
		state01, `{"leader":-1,"isr":null}`, `{"leader":-2}`, `{"leader":1,"isr":[1,1]}`, "",
		`{"controller_epoch":1,"leader":-1,"version":1,"leader_epoch":0,"isr":[]}`,
		`{"controller_epoch":01,"leader":-0,"version":1,"leader_epoch":9999999999,"isr":[0,]}`,
		`{"controller_epoch":1,"leader":0,"version":1,"leader_epoch":0,"isr":[0,1]} `,
		`{"controller_epoch":1,"leader":0,"version":1,"leader_epoch":0,"isr":[0,1]}x`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p := cluster.Partition{Leader: cluster.NoLeader}
		err := parseState(data, &p)
		if (err == nil) != (p.State == cluster.StateRecorded) || p.Leader < cluster.NoLeader || slices.ContainsFunc(p.ISR, negative) {
			t.Errorf("partition %+v, error %v", p, err)
		}
		leader, epoch, isr, ok := usualState(data)
		if !ok {
			return
		}
		var raw stateJSON
		if err := json.Unmarshal(data, &raw); err != nil {
			t.Fatalf("%q is taken for the usual, and is no JSON: %v", data, err)
		}
		if diff := cmp.Diff(raw, stateJSON{&leader, epoch, isr}); diff != "" {
			t.Errorf("%q: %s", data, diff)
		}
	})
}

func FuzzReassignment(f *testing.F) {
	f.Add([]byte(`{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[2,0]}]}`), "t")
	f.Add([]byte(`{"partitions":[{"topic":"t","partition":-1}]}`), "t\nu")
	f.Fuzz(func(t *testing.T, data []byte, deleted string) {
		targets, err := parseReassignment(data)
		if err != nil && targets != nil {
			t.Errorf("%v and error %v", targets, err)
		}
		p := plans{targets: targets, marked: make(map[string]time.Time)}
		for _, name := range strings.Split(deleted, "\n") { // children of /admin/delete_topics
			p.marked[name] = time.Now()
		}
		topic := cluster.Topic{Name: "t", Partitions: []cluster.Partition{{ID: 0, ISR: []int32{0}}}}
		p.markTopic(&topic)
		part := topic.Partitions[0]
		if topic.Deleting != !p.marked["t"].IsZero() || !part.Reassigning && part.Adding != nil || slices.Contains(part.Adding, 0) {
			t.Errorf("topic %+v", topic)
		}
	})
}

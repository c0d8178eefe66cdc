package zookeeper

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestParseRegistration(t *testing.T) {
	plain := func(host string, port int) []cluster.Endpoint {
		return []cluster.Endpoint{{Listener: "PLAINTEXT", Protocol: "PLAINTEXT", Host: host, Port: port}}
	}
	for name, c := range map[string]struct {
		data string
		want cluster.Registration
		bad  bool
	}{
		"0.8":  {broker08, cluster.Registration{Version: 1, Endpoints: plain("127.0.0.1", 20251)}, false},
		"0.9":  {broker09, cluster.Registration{Version: 2, Endpoints: plain("127.0.0.1", 22551)}, false},
		"0.10": {`{"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},"endpoints":["PLAINTEXT://k1:9092"],"jmx_port":-1,"host":"k1","timestamp":"1","port":9092,"version":4,"rack":null}`, cluster.Registration{Version: 4, Endpoints: plain("k1", 9092)}, false},
		"TLS only": {`{"endpoints":["SSL://k1:9093"],"host":null,"port":-1,"version":2}`, cluster.Registration{Version: 2,
			Endpoints: []cluster.Endpoint{{Listener: "SSL", Protocol: "SSL", Host: "k1", Port: 9093}}}, false},
		"IPv6 and a rack":     {`{"endpoints":["PLAINTEXT://[fe80::1%25eth0]:9092"],"version":3,"rack":"a"}`, cluster.Registration{Version: 3, Rack: "a", Endpoints: plain("fe80::1%25eth0", 9092)}, false},
		"no JSON":             {"127.0.0.1:9092", cluster.Registration{}, true},
		"nothing":             {"", cluster.Registration{}, true},
		"no version":          {`{"host":"k1","port":9092}`, cluster.Registration{}, true},
		"no endpoint":         {`{"version":2,"endpoints":[],"port":-1}`, cluster.Registration{Version: 2}, true},
		"no port":             {`{"version":4,"endpoints":["PLAINTEXT://k1"]}`, cluster.Registration{Version: 4}, true},
		"port out of range":   {`{"version":4,"endpoints":["PLAINTEXT://k1:70000"]}`, cluster.Registration{Version: 4}, true},
		"listener unmapped":   {`{"version":4,"endpoints":["IN://k1:1"],"listener_security_protocol_map":{"OUT":"SSL"}}`, cluster.Registration{Version: 4}, true},
		"one of two is wrong": {`{"version":4,"rack":"a","endpoints":["PLAINTEXT://k1:1","x"]}`, cluster.Registration{Version: 4, Rack: "a"}, true},
	} {
		got, err := parseRegistration(0, []byte(c.data))
		if (err != nil) != c.bad {
			t.Errorf("%s: error %v", name, err)
		}
		if diff := cmp.Diff(&c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestParseTopic(t *testing.T) {
	for data, want := range map[string][]cluster.Partition{
		"":                  {},
		`{"partitions":{}}`: {},
		`{"version":1,"partitions":{"10":[1],"2":[0,1],"0":[]}}`: {{ID: 0}, {ID: 2, Replicas: []int32{0, 1}}, {ID: 10, Replicas: []int32{1}}},
		`{"version":2,"partitions":{"0":[0,1]},"adding_replicas":{"0":[1]},"removing_replicas":{}}`: {
			{ID: 0, Replicas: []int32{0, 1}, Adding: []int32{1}, Reassigning: true}},
	} {
		for i := range want {
			want[i].Leader, want[i].Version = cluster.NoLeader, cluster.NoVersion
		}
		_, got, err := parseTopic([]byte(data))
		if err != nil {
			t.Errorf("%s: %v", data, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(cluster.Offset{}, cluster.Partition{})); diff != "" {
			t.Errorf("%s: %s", data, diff)
		}
	}
	for _, data := range []string{
		"x", "null", "[]", `{}`, `{"partitions":null}`, `{"partitions":{"x":[0]}}`, `{"partitions":{"-1":[0]}}`,
		`{"partitions":{"01":[0]}}`, `{"partitions":{"3000000000":[0]}}`, `{"partitions":{"0":[-1]}}`, `{"partitions":{"0":[1,1]}}`,
		`{"partitions":{"0":null}}`, `{"partitions":{"0":["a"]}}`, `{"partitions":{"0":0}}`,
		`{"partitions":{"0":[0]},"adding_replicas":{"1":[2]}}`, `{"partitions":{"0":[0]},"removing_replicas":{"0":[-2]}}`,
	} {
		if _, got, err := parseTopic([]byte(data)); err == nil {
			t.Errorf("%s is taken for %+v", data, got)
		}
	}
}

func TestParseState(t *testing.T) {
	for data, want := range map[string]cluster.Partition{
		state01:                             {State: cluster.StateRecorded, Leader: 0, LeaderEpoch: 3, ISR: []int32{0, 1}},
		`{"leader":-1,"isr":null}`:          {State: cluster.StateRecorded, Leader: -1},
		`{"leader":5}`:                      {State: cluster.StateRecorded, Leader: 5},
		`{"leader":2,"isr":[2,0],"new":{}}`: {State: cluster.StateRecorded, Leader: 2, ISR: []int32{2, 0}},
	} {
		var got cluster.Partition
		if err := parseState([]byte(data), &got); err != nil {
			t.Errorf("%s: %v", data, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(cluster.Offset{}, cluster.Partition{})); diff != "" {
			t.Errorf("%s: %s", data, diff)
		}
	}
	if _, _, _, ok := usualState([]byte(state01)); !ok {
		t.Errorf("%s is not read as the usual state", state01)
	}
	for _, data := range []string{"", "null", `{"isr":[0]}`, `{"leader":-2}`, `{"leader":"0"}`, `{"leader":0,"isr":[-1]}`, `{"leader":0,"isr":[1,1]}`, `{"leader":0,"isr":0}`} {
		var got cluster.Partition
		if err := parseState([]byte(data), &got); err == nil || got.State != cluster.StateUnknown {
			t.Errorf("%s is taken for %+v", data, got)
		}
	}
}

func TestEachStopsAfterAnError(t *testing.T) {
	seen := make([]bool, 1000)
	if err := each(len(seen), func(i int) error { seen[i] = true; return nil }); err != nil {
		t.Error(err)
	}
	for i, ok := range seen {
		if !ok {
			t.Fatalf("%d was left out", i)
		}
	}
	calls := make(chan int, 1000)
	err := each(1000, func(i int) error { calls <- i; return errBadReply })
	if !errors.Is(err, errBadReply) || len(calls) > maxInFlight {
		t.Errorf("error %v after %d calls", err, len(calls))
	}
}

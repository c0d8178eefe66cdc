package exporter

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
)

// doubtful is a cluster without a controller, with a broker that does not answer
// and a partition that nobody ever led. Odd is a second topic.
func doubtful(odd cluster.Topic) *cluster.Snapshot {
	reg := &cluster.Registration{ID: 1, Version: 2}
	picture := &cluster.Picture{Topics: []cluster.Topic{odd, {Name: "t", Partitions: []cluster.Partition{
		{ID: 0, State: cluster.StateRecorded, Replicas: []int32{1, 2}, Leader: 2, ISR: []int32{1, 2}},
		{ID: 1, State: cluster.StateAbsent, Replicas: []int32{1}},
	}}}}
	s := &cluster.Snapshot{
		Cluster: "a", Finished: time.Now(),
		Registrations: cluster.Read(map[int32]*cluster.Registration{1: reg}), Controller: cluster.Read(cluster.Controller{}),
		Brokers: []cluster.Broker{
			{ID: 1, Address: "b1:9092", Registration: reg, RegistryRead: true, Probe: cluster.Probe{Status: cluster.BrokerTimeout, Took: time.Second}},
			{ID: 2, Address: "b2:9092", RegistryRead: true, Probe: cluster.Probe{Status: cluster.BrokerRefused}},
		},
		BrokersTried: 2, Picture: cluster.Read(picture),
		Groups: cluster.Read(&cluster.Groups{Groups: []cluster.Group{{Name: "g", Members: cluster.UnknownMembers, Idle: cluster.UnknownMembers}}}),
	}
	s.Summary = cluster.Summarize(picture, s.Brokers)
	return s
}

func TestWhatIsUnknownIsLeftOut(t *testing.T) {
	known := cluster.Topic{Name: "odd"}
	rubbishState := cluster.Topic{Name: "odd", Partitions: []cluster.Partition{{Replicas: []int32{1}, Leader: cluster.NoLeader}}}
	unreadable := cluster.Topic{Name: "odd", Unreadable: true}
	for _, c := range []struct {
		name string
		odd  cluster.Topic
		want []string
	}{
		{"all known", known, []string{
			`"partitions":{"total":2,"reassigning":0,"offline":2,"leader_unreachable":0,"under_replicated":{"broker_down":0,"lagging":0},"not_preferred":{"electable":1,"not_electable":0}}`,
			`"leaders":0,"preferred_leaders":2`, `"stop_would_offline_partitions":1`, `{"partition":1,"replicas":[1],"leader":-1}`,
			`"groups":{"g":{"coordinator":0,"quiet":false,"topics":{}}}`, "!response_seconds", `!"controller"`,
		}},
		{"a state is rubbish", rubbishState, []string{`"partitions":{"total":3,"reassigning":0}`, `"odd":[{"partition":0,"replicas":[1]}]`, `"preferred_leaders":3`, `!"leaders"`, "!stop_would"}},
		{"a topic is rubbish", unreadable, []string{`!"partitions":`, `"odd":[]`, "!preferred_leaders"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := json.Marshal(describeSnapshot(doubtful(c.odd), true))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, string(text), c.want...)
		})
	}
}

func TestPageSaysWhatItDoesNotKnow(t *testing.T) {
	e := newExporter(t, twoClusters, Options{})
	s := doubtful(cluster.Topic{Name: "odd", Unreadable: true})
	s.Ensemble = &cluster.Ensemble{Servers: []cluster.Server{{Name: "z1:2181", Mode: cluster.ModeNotServing, Status: cluster.ServerNotServing}}}
	s.Troubles = []cluster.Trouble{{Severity: cluster.Warning, Text: "something", Since: s.Finished}}
	e.watchers[0].publish(collectors.Result{Snapshot: s})
	res, text := fetch(t, e, "GET", "/clusters/a")
	expect(t, text, "quorum: no<", "<td>–</td>", `class="warning unseen"`, "cannot be looked at now", "Unknown: the partitions could not be read", "Controller: unknown or none")
	expect(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
	res, _ = fetch(t, e, "GET", "/metrics")
	expect(t, res.Header.Get("Vary"), "Accept, Accept-Encoding")
	_, text = fetch(t, e, "GET", "/api/v1/clusters")
	expect(t, text, `"name":"a"`, `!"topics"`, `!"groups":{"g"`)
}

func TestCheckInJSON(t *testing.T) {
	cfg, err := config.Parse("test.yml", []byte(twoClusters))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	opts := CheckOptions{Clusters: []string{"a"}, JSON: true, Out: &out}
	if _, err := Check(t.Context(), cfg, opts); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Verdict  string
		Clusters []struct{ Name, Verdict string }
	}
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatal(err)
	}
	if report.Verdict != "unknown" || len(report.Clusters) != 1 || report.Clusters[0].Verdict != "unknown" || report.Clusters[0].Name != "a" {
		t.Errorf("%+v", report)
	}
	opts.Out = brokenWriter{}
	if _, err := Check(t.Context(), cfg, opts); err == nil {
		t.Error("a report that cannot be written is no error")
	}
}

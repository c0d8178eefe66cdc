package exporter

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
)

// BenchmarkPage is one look at the page of 20,000 partitions with three replicas each, a
// third of them without the one on a dead broker, and 1,000 groups of 20 partitions: the
// first look after a poll, and another one.
func BenchmarkPage(b *testing.B) {
	e := newExporter(b, twoClusters, Options{})
	w := e.watchers[0]
	s := largeSnapshot()
	handler := e.Handler()
	page := func() {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/clusters/a", nil))
		if rec.Code != 200 || rec.Body.Len() < 10_000 {
			b.Fatal(rec.Code, rec.Body.Len())
		}
	}
	w.publish(collectors.Result{Snapshot: s})
	current := w.current.Load()
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.current.Store(&published{snapshot: s, encoded: current.encoded})
			page()
		}
	})
	b.Run("again", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			page()
		}
	})
}

func largeSnapshot() *cluster.Snapshot {
	const brokers, topics, parts, groups = 6, 400, 50, 1000
	s := &cluster.Snapshot{
		Cluster: "a", Finished: time.Now().Add(time.Hour), Controller: cluster.Read(cluster.Controller{ID: 1, Exists: true, Named: true}),
		BrokersTried: brokers, BrokersHeard: brokers - 1, Outcomes: map[cluster.Source]cluster.Outcome{},
	}
	registered := map[int32]*cluster.Registration{}
	for id := range int32(brokers) {
		broker := cluster.Broker{ID: id, Address: "b:9092", RegistryRead: true, Probe: cluster.Probe{Status: cluster.BrokerRefused}}
		if id > 0 {
			broker.Registration, broker.Probe = &cluster.Registration{ID: id}, cluster.Probe{Status: cluster.BrokerAlive, Took: time.Millisecond}
			registered[id] = broker.Registration
		}
		s.Brokers = append(s.Brokers, broker)
	}
	picture := &cluster.Picture{}
	for t := range topics {
		topic := cluster.Topic{Name: fmt.Sprintf("topic-%04d", t), MinISR: 2}
		for p := range int32(parts) {
			replicas := []int32{p % brokers, (p + 1) % brokers, (p + 2) % brokers}
			var isr []int32
			for _, r := range replicas {
				if r > 0 {
					isr = append(isr, r)
				}
			}
			topic.Partitions = append(topic.Partitions, cluster.Partition{ID: p, State: cluster.StateRecorded, Replicas: replicas, Leader: isr[0], ISR: isr, End: cluster.OffsetAt(1000)})
		}
		picture.Topics = append(picture.Topics, topic)
	}
	all := &cluster.Groups{}
	for g := range groups {
		group := cluster.Group{Name: fmt.Sprintf("group-%04d", g), Members: 3, Verdict: cluster.GroupVerdict{Status: cluster.StatusSlow, Reason: "because"}}
		of := cluster.GroupOffsets{Topic: picture.Topics[g%topics].Name}
		for p := range int32(20) {
			of.Commits = append(of.Commits, cluster.Commit{Partition: p, Offset: cluster.OffsetAt(int64(g))})
		}
		group.Topics = []cluster.GroupOffsets{of}
		all.Groups = append(all.Groups, group)
	}
	s.Picture, s.Groups, s.Registrations = cluster.Read(picture), cluster.Read(all), cluster.Read(registered)
	s.Summary = cluster.Summarize(picture, s.Brokers)
	return s
}

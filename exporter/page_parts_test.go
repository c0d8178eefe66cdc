package exporter

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// TestPartitionsThatAreNotInOrder: the gravest come first, and what is not named is counted.
func TestPartitionsThatAreNotInOrder(t *testing.T) {
	recorded := func(id, leader int32, isr ...int32) cluster.Partition {
		return cluster.Partition{ID: id, State: cluster.StateRecorded, Replicas: []int32{1, 2, 3}, Leader: leader, ISR: isr}
	}
	topic := cluster.Topic{Name: "t", MinISR: 2, Partitions: []cluster.Partition{
		recorded(0, 1, 1, 2, 3), recorded(1, 1, 1, 2), recorded(2, 1, 1), recorded(3, cluster.NoLeader, 3), recorded(4, 3, 3, 1),
		{ID: 5, State: cluster.StateAbsent, Replicas: []int32{1}}, {ID: 6, Replicas: []int32{1}},
	}}
	loose := cluster.Topic{Name: "loose", MinISR: 1}
	for id := range int32(30) {
		loose.Partitions = append(loose.Partitions, recorded(id, 2, 2, 1))
	}
	gone := cluster.Topic{Name: "gone", Deleting: true, Partitions: []cluster.Partition{recorded(0, 1)}}
	s := doubtful(cluster.Topic{Name: "empty"})
	s.Brokers = nil
	for id := range int32(3) {
		b := cluster.Broker{ID: id + 1, RegistryRead: true}
		if id < 2 {
			b.Registration = &cluster.Registration{ID: id + 1}
		}
		s.Brokers = append(s.Brokers, b)
	}
	picture := &cluster.Picture{Topics: []cluster.Topic{gone, loose, topic}}
	s.Picture, s.Summary = cluster.Read(picture), cluster.Summarize(picture, s.Brokers)
	parts, more := disordered(s)
	if len(parts) != shownParts || more != 36-shownParts {
		t.Fatalf("%d are named and %d more, want %d of 36", len(parts), more, shownParts)
	}
	got := ""
	for _, p := range parts[:7] {
		got += fmt.Sprintf("%s %s: %s, missing %v\n", p.Mark, p.Name, p.What, p.Missing)
	}
	if want := `bad t-3: offline: it has no leader, missing [1 2]
bad t-4: offline: its leader is not registered, missing [2]
bad t-5: offline: it never had a leader, missing []
grey t-6: its leader and ISR are not known, missing []
bad t-2: under min ISR: acks=all fails, missing [2 3]
warn t-1: at min ISR, missing [3]
warn loose-0: under-replicated, missing [3]
`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestTemplatesAreNotServed: only what a page is drawn with is.
func TestTemplatesAreNotServed(t *testing.T) {
	e := newExporter(t, twoClusters, Options{})
	for path, want := range map[string]int{"/assets/page.js": http.StatusOK, "/assets/page.html": http.StatusNotFound, "/assets/uplot.LICENSE": http.StatusNotFound} {
		if res, _ := fetch(t, e, "GET", path); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

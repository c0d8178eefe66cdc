package zookeeper

import (
	"context"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// TestBrokerDiesWhileReading has broker 0 die between the reading of the members
// and that of the states, in a poll that has no time for a second pass. Of the two
// together it would follow that a living replica lags, which was never true.
func TestBrokerDiesWhileReading(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/brokers/topics/elsewhere", `{"version":1,"partitions":{"0":[1]}}`)
	z.set(statePath("elsewhere", 0), `{"leader":1,"leader_epoch":1,"isr":[1]}`)
	if err := s.sync(within(t), idsPath); err != nil { // connecting is not what is timed
		t.Fatal(err)
	}
	z.when(func(op int32, path string) action {
		if op == opChildren && path == "/kafka/brokers/topics" {
			z.remove("/kafka/brokers/ids/0")
			z.set(statePath("t", 0), `{"leader":1,"leader_epoch":4,"isr":[1]}`)
			z.set(statePath("t", 1), `{"leader":1,"leader_epoch":8,"isr":[1]}`)
			time.Sleep(time.Second)
		}
		return answer
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	got := s.Registry(ctx, nil)
	if mustRead(t, got.Registrations)[0] == nil {
		t.Fatal("the members were read again")
	}
	for _, topic := range mustRead(t, got.Picture).Topics {
		for _, p := range topic.Partitions {
			if known := p.State == cluster.StateRecorded; known != (topic.Name == "elsewhere") {
				t.Errorf("%s/%d: %+v", topic.Name, p.ID, p)
			}
		}
	}
}

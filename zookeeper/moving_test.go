package zookeeper

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/evenkeel/evenkeel/cluster"
)

// TestBrokerReturnsWhileReading has a broker register and take over a partition
// between the reading of the members and that of the states.
func TestBrokerReturnsWhileReading(t *testing.T) {
	z, s := newKafka(t)
	var once sync.Once
	z.when(func(_ int32, path string) action {
		if path == "/kafka/brokers/topics" {
			once.Do(func() {
				z.set("/kafka/brokers/ids/2", broker09)
				z.set("/kafka/controller", `{"version":1,"brokerid":2,"timestamp":"1"}`)
				z.set(statePath("t", 0), `{"leader":2,"leader_epoch":4,"isr":[2]}`)
			})
		}
		return answer
	})
	var told []int
	got := s.Registry(within(t), func(brokers map[int32]*cluster.Registration) PictureFunc {
		told = append(told, len(brokers))
		return nil
	})
	brokers := mustRead(t, got.Registrations)
	p := mustRead(t, got.Picture).Topic("t").Partition(0)
	if p.Leader != 2 || brokers[p.Leader] == nil {
		t.Errorf("leader %d of brokers %v", p.Leader, brokers)
	}
	if diff := cmp.Diff([]int{2, 3}, told); diff != "" {
		t.Errorf("onBrokers was told of: %s", diff)
	}
	if c := mustRead(t, got.Controller); c.ID != 2 {
		t.Errorf("controller %+v", c)
	}
}

// TestBrokersThatNeverComeToRest has brokers come and go in every pass: then a
// leader that is not registered is unknown, not missing.
func TestBrokersThatNeverComeToRest(t *testing.T) {
	z, s := newKafka(t)
	z.set(statePath("t", 0), `{"leader":2,"leader_epoch":4,"isr":[2]}`)
	var passes atomic.Int32
	z.when(func(op int32, path string) action {
		if op == opChildren && path == "/kafka/brokers/topics" {
			passes.Add(1)
			z.set("/kafka/brokers/ids/2", broker09)
			z.remove("/kafka/brokers/ids/2")
		}
		return answer
	})
	got := s.Registry(within(t), nil)
	if n := passes.Load(); n != maxPasses {
		t.Errorf("%d passes, want %d", n, maxPasses)
	}
	topic := mustRead(t, got.Picture).Topic("t")
	if p := topic.Partition(0); p.State != cluster.StateUnknown || p.Leader != cluster.NoLeader || p.ISR != nil {
		t.Errorf("partition 0 %+v", p)
	}
	if p := topic.Partition(1); p.State != cluster.StateRecorded {
		t.Errorf("partition 1 %+v", p)
	}
	if f := got.Partitions.Faults; len(f) != 1 || f[0].Reason != string(cluster.ServerTimeout) {
		t.Errorf("faults %v", f)
	}
}

// A broker that leaves between the list and its own znode is gone, and no fault.
func TestBrokerLeavesWhileReading(t *testing.T) {
	z, s := newKafka(t)
	z.when(func(_ int32, path string) action {
		if path == "/kafka/brokers/ids/1" {
			z.remove(path)
		}
		return answer
	})
	got := s.Registry(within(t), nil)
	if brokers := mustRead(t, got.Registrations); len(brokers) != 1 || brokers[0] == nil || len(got.Members.Faults) > 0 {
		t.Errorf("brokers %v, faults %v", brokers, got.Members.Faults)
	}
}

// The office may change hands while no broker comes or goes.
func TestControllerChangesWhileReading(t *testing.T) {
	z, s := newKafka(t)
	z.when(func(_ int32, path string) action {
		if path == "/kafka/brokers/topics" {
			z.set("/kafka/controller", `{"version":1,"brokerid":0,"timestamp":"1"}`)
		}
		return answer
	})
	if c := mustRead(t, s.Registry(within(t), nil).Controller); c.ID != 0 {
		t.Errorf("controller %+v", c)
	}
}

func TestTopicDeletedWhileReading(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/brokers/topics/keep", `{"version":1,"partitions":{"0":[0]}}`)
	z.set(statePath("keep", 0), state01)
	z.when(func(_ int32, path string) action {
		if path == statePath("t", 0) {
			z.remove("/kafka/brokers/topics/t")
		}
		return answer
	})
	got := s.Registry(within(t), nil)
	picture := mustRead(t, got.Picture)
	if picture.Topic("t") != nil || picture.Topic("keep") == nil || len(got.Partitions.Faults) > 0 {
		t.Errorf("picture %+v, faults %v", picture, got.Partitions.Faults)
	}
}

func TestTopicMadeAnewWhileReading(t *testing.T) {
	z, s := newKafka(t)
	var once sync.Once
	z.when(func(op int32, path string) action {
		if path == statePath("t", 0) {
			once.Do(func() {
				z.remove("/kafka/brokers/topics/t")
				z.set("/kafka/brokers/topics/t", `{"version":1,"partitions":{"0":[1]}}`)
			})
		}
		if op == opExists && path == "/kafka/brokers/topics/t" {
			z.set(statePath("t", 0), state01)
		}
		return answer
	})
	topic := mustRead(t, s.Registry(within(t), nil).Picture).Topic("t")
	if topic == nil || topic.Created != z.nodes["/kafka/brokers/topics/t"].czxid || len(topic.Partitions) != 1 {
		t.Fatalf("topic %+v", topic)
	}
	if p := topic.Partitions[0]; p.State != cluster.StateRecorded || !cmp.Equal(p.Replicas, []int32{1}) {
		t.Errorf("partition %+v", p)
	}
}

func TestTopicBeingDeleted(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/admin/delete_topics/t", "")
	z.remove(statePath("t", 1))
	topic := mustRead(t, s.Registry(within(t), nil).Picture).Topic("t")
	if topic == nil || !topic.Deleting || topic.Partition(1).State != cluster.StateAbsent {
		t.Errorf("topic %+v", topic)
	}
}

// Where delete.topic.enable is off, a 0.9 broker leaves the mark for ever.
func TestTopicWithAnOldMarkIsAliveWhileItHasALeader(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/admin/delete_topics/t", "")
	z.nodes["/kafka/admin/delete_topics/t"].ctime = time.Now().Add(-2 * youngMark).UnixMilli()
	read := func() *cluster.Topic { return mustRead(t, s.Registry(within(t), nil).Picture).Topic("t") }
	if topic := read(); topic.Deleting {
		t.Errorf("a topic with leaders is taken for one that is being deleted: %+v", topic)
	}
	for _, p := range read().Partitions {
		z.set(statePath("t", int(p.ID)), `{"leader":-1,"isr":[]}`)
	}
	if topic := read(); !topic.Deleting {
		t.Errorf("a topic without any leader is not: %+v", topic)
	}
}

func TestTopicWithoutStatesYet(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/brokers/topics/young", `{"version":1,"partitions":{"0":[0,1]}}`)
	z.set("/kafka/brokers/topics/void", "")
	picture := mustRead(t, s.Registry(within(t), nil).Picture)
	if p := picture.Topic("young").Partition(0); p.State != cluster.StateAbsent || p.Leader != cluster.NoLeader || p.ISR != nil {
		t.Errorf("partition %+v", p)
	}
	if topic := picture.Topic("void"); topic == nil || len(topic.Partitions) > 0 || topic.Unreadable {
		t.Errorf("topic without data: %+v", topic)
	}
	if names := []string{picture.Topics[0].Name, picture.Topics[1].Name, picture.Topics[2].Name}; !cmp.Equal(names, []string{"t", "void", "young"}) {
		t.Errorf("topics in the order %v", names)
	}
}

func TestReassignment(t *testing.T) {
	z, s := newKafka(t)
	// Old: one list, and the ISR tells what has caught up. 2 has not, 1 fell behind.
	z.set("/kafka/brokers/topics/old", `{"version":1,"partitions":{"0":[2,0,1],"1":[0,1]}}`)
	z.set(statePath("old", 0), `{"leader":0,"isr":[0]}`)
	z.set(statePath("old", 1), state01)
	z.set("/kafka/admin/reassign_partitions", `{"version":1,"partitions":[{"topic":"old","partition":0,"replicas":[2,0]},{"topic":"gone","partition":0,"replicas":[1]},{"topic":"new","partition":0,"replicas":[2,0]}]}`)
	// From 2.4 on the topic itself tells.
	z.set("/kafka/brokers/topics/new", `{"version":3,"topic_id":"x","partitions":{"0":[2,0,1],"1":[0,1,2],"2":[0]},"adding_replicas":{"0":[2]},"removing_replicas":{"0":[1],"1":[2]}}`)
	for i := range 3 {
		z.set(statePath("new", i), state01)
	}
	type move struct {
		Reassigning bool
		Adding      []int32
	}
	moves := make(map[string][]move)
	for _, topic := range mustRead(t, s.Registry(within(t), nil).Picture).Topics {
		for _, p := range topic.Partitions {
			moves[topic.Name] = append(moves[topic.Name], move{p.Reassigning, p.Adding})
		}
	}
	want := map[string][]move{
		"old": {{true, []int32{2}}, {}},
		"new": {{true, []int32{2}}, {Reassigning: true}, {}},
		"t":   {{}, {}},
	}
	if diff := cmp.Diff(want, moves, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// TestNearDeadlineReadsOnce has brokers move while half of the time goes by: what
// was read is told, and no second pass is begun that could not end in time.
func TestNearDeadlineReadsOnce(t *testing.T) {
	z, s := newKafka(t)
	if err := s.sync(within(t), idsPath); err != nil { // connecting is not what is timed
		t.Fatal(err)
	}
	var passes atomic.Int32
	z.when(func(op int32, path string) action {
		if op == opChildren && path == "/kafka/brokers/topics" {
			passes.Add(1)
			z.set("/kafka/brokers/ids/2", broker09)
			time.Sleep(time.Second)
		}
		return answer
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	got := s.Registry(ctx, nil)
	if n := passes.Load(); n != 1 {
		t.Errorf("%d passes, want 1", n)
	}
	if topic := mustRead(t, got.Picture).Topic("t"); topic.Partition(0).State != cluster.StateRecorded {
		t.Errorf("topic %+v", topic)
	}
}

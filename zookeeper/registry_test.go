package zookeeper

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

const (
	broker08 = `{"jmx_port":-1,"timestamp":"1795370756778","host":"127.0.0.1","version":1,"port":20251}`
	broker09 = `{"jmx_port":-1,"timestamp":"1795370756778","endpoints":["PLAINTEXT://127.0.0.1:22551"],"host":"127.0.0.1","version":2,"port":22551}`
	broker28 = `{"features":{},"listener_security_protocol_map":{"INSIDE":"SASL_SSL","OUTSIDE":"PLAINTEXT"},"endpoints":["INSIDE://[::1]:9093","OUTSIDE://:9092"],"rack":"r1","jmx_port":-1,"port":9092,"host":"","version":5,"timestamp":"1795370756778"}`
	state01  = `{"controller_epoch":1,"leader":0,"version":1,"leader_epoch":3,"isr":[0,1]}`
)

func statePath(topic string, partition int) string {
	return fmt.Sprintf("/kafka/brokers/topics/%s/partitions/%d/state", topic, partition)
}

// newKafka returns a fake with two brokers and a topic of two partitions under
// /kafka, and a session with it.
func newKafka(t testing.TB) (*fakeZooKeeper, *Session) {
	z := newFakeZooKeeper(t)
	z.set("/kafka/brokers/ids/0", broker08)
	z.set("/kafka/brokers/ids/1", broker28)
	z.set("/kafka/controller", `{"version":1,"brokerid":1,"timestamp":"1795370756778"}`)
	z.set("/kafka/cluster/id", `{"version":"1","id":"6Tu2UY4HS9yI8mnAGzdhJg"}`)
	z.set("/kafka/admin/delete_topics", "")
	z.set("/kafka/brokers/topics/t", `{"version":1,"partitions":{"0":[0,1],"1":[1,0]}}`)
	z.set(statePath("t", 0), state01)
	z.set(statePath("t", 1), `{"controller_epoch":1,"leader":-1,"version":1,"leader_epoch":7,"isr":[1]}`)
	return z, newTestSession(t, SessionOptions{Chroot: "/kafka"}, z)
}

func mustRead[T any](t *testing.T, r cluster.Reading[T]) T {
	t.Helper()
	value, ok := r.Get()
	if !ok {
		t.Fatalf("not read: %v", r.Err())
	}
	return value
}

func TestRegistry(t *testing.T) {
	z, s := newKafka(t)
	z.set(statePath("t", 0), state01) // version 1
	var early map[int32]*cluster.Registration
	got := s.Registry(within(t), func(brokers map[int32]*cluster.Registration) PictureFunc {
		early = brokers
		return nil
	})

	brokers := mustRead(t, got.Registrations)
	born := time.UnixMilli(fakeCtime)
	want := map[int32]*cluster.Registration{
		0: {ID: 0, Version: 1, Registered: born, Session: z.nodes["/kafka/brokers/ids/0"].czxid, Endpoints: []cluster.Endpoint{
			{Listener: "PLAINTEXT", Protocol: "PLAINTEXT", Host: "127.0.0.1", Port: 20251}}},
		1: {ID: 1, Version: 5, Rack: "r1", Registered: born, Session: z.nodes["/kafka/brokers/ids/1"].czxid, Endpoints: []cluster.Endpoint{
			{Listener: "INSIDE", Protocol: "SASL_SSL", Host: "::1", Port: 9093},
			{Listener: "OUTSIDE", Protocol: "PLAINTEXT", Host: "", Port: 9092}}},
	}
	if diff := cmp.Diff(want, brokers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, early); diff != "" {
		t.Errorf("onBrokers: %s", diff)
	}
	if c := mustRead(t, got.Controller); c != (cluster.Controller{ID: 1, Exists: true, Named: true}) {
		t.Errorf("controller %+v", c)
	}
	if got.ClusterID != "6Tu2UY4HS9yI8mnAGzdhJg" {
		t.Errorf("cluster id %q", got.ClusterID)
	}
	wantPicture := &cluster.Picture{Topics: []cluster.Topic{{
		Name: "t", Created: z.nodes["/kafka/brokers/topics/t"].czxid, Made: born,
		Partitions: []cluster.Partition{
			{ID: 0, State: cluster.StateRecorded, Replicas: []int32{0, 1}, Leader: 0, ISR: []int32{0, 1}, LeaderEpoch: 3, Version: 1},
			{ID: 1, State: cluster.StateRecorded, Replicas: []int32{1, 0}, Leader: -1, ISR: []int32{1}, LeaderEpoch: 7},
		},
	}}}
	if diff := cmp.Diff(wantPicture, mustRead(t, got.Picture), cmp.AllowUnexported(cluster.Offset{}, cluster.Partition{})); diff != "" {
		t.Error(diff)
	}
	for name, o := range map[string]cluster.Outcome{"members": got.Members, "partitions": got.Partitions} {
		if o.Err != nil || len(o.Faults) > 0 || o.Started.IsZero() || o.Finished.Before(o.Started) {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// TestSyncGoesFirst holds that a follower that lags behind is made to catch up
// before anything is read from it.
func TestSyncGoesFirst(t *testing.T) {
	z, s := newKafka(t)
	var once sync.Once
	first := int32(0)
	z.when(func(op int32, _ string) action {
		once.Do(func() { first = op })
		return answer
	})
	s.Registry(within(t), nil)
	if first != opSync {
		t.Errorf("the first operation was %d, want sync", first)
	}
}

func TestNoKafkaUnderThePath(t *testing.T) {
	z := newFakeZooKeeper(t)
	s := newTestSession(t, SessionOptions{Chroot: "/kafak"}, z)
	got := s.Registry(within(t), nil)
	err := got.Registrations.Err()
	if err == nil || !strings.Contains(err.Error(), "/kafak/brokers/ids, check zookeeper.chroot") {
		t.Errorf("error %v", err)
	}
	if got.Members.Err == nil || got.Partitions.Err == nil || got.Picture.OK() || got.Controller.OK() {
		t.Errorf("got %+v", got)
	}
}

func TestNoController(t *testing.T) {
	z, s := newKafka(t)
	z.remove("/kafka/controller")
	z.remove("/kafka/cluster/id")
	got := s.Registry(within(t), nil)
	if c := mustRead(t, got.Controller); c.Exists {
		t.Errorf("controller %+v", c)
	}
	if got.ClusterID != "" || len(got.Members.Faults) > 0 {
		t.Errorf("cluster id %q, faults %v", got.ClusterID, got.Members.Faults)
	}
}

// Before the first topic there is no znode for topics, which is no failure; one
// that may not be listed is.
func TestTopicsThatAreNotThereOrNotToBeSeen(t *testing.T) {
	z := newFakeZooKeeper(t)
	z.set("/brokers/ids/0", broker09)
	s := newTestSession(t, SessionOptions{}, z)
	got := s.Registry(within(t), nil)
	if picture := mustRead(t, got.Picture); len(picture.Topics) > 0 || got.Partitions.Err != nil {
		t.Errorf("picture %+v, %v", picture, got.Partitions.Err)
	}
	z.set("/brokers/topics/t", `{"version":1,"partitions":{"0":[0]}}`)
	z.forbid("/brokers/topics")
	got = s.Registry(within(t), nil)
	if got.Picture.OK() || Reason(got.Partitions.Err) != cluster.ReasonPermission || len(mustRead(t, got.Registrations)) != 1 {
		t.Errorf("picture read: %v, %v", got.Picture.OK(), got.Partitions.Err)
	}
}

// Without the list of topics being deleted, one that is losing its replicas would
// look like an outage.
func TestNoPictureWithoutTheDeletions(t *testing.T) {
	z, s := newKafka(t)
	z.when(func(_ int32, path string) action {
		if path == "/kafka/admin/delete_topics" {
			return drop
		}
		return answer
	})
	if got := s.Registry(within(t), nil); got.Picture.OK() || got.Partitions.Err == nil || got.Members.Err != nil {
		t.Errorf("picture read: %v, %v", got.Picture.OK(), got.Partitions.Err)
	}
}

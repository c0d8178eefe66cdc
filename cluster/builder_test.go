package cluster

import (
	"testing"
	"time"
)

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// part is a partition with a recorded state.
func part(id int32, replicas []int32, leader int32, isr []int32) Partition {
	return Partition{ID: id, State: StateRecorded, Replicas: replicas, Leader: leader, ISR: isr}
}

func topic(name string, parts ...Partition) Topic {
	return Topic{Name: name, Created: 7, Partitions: parts}
}

func picture(topics ...Topic) *Picture { return &Picture{Topics: topics} }

// alive is a registered broker that answers.
func alive(id int32) Broker {
	return Broker{ID: id, Address: "h:9092", RegistryRead: true, Registration: &Registration{ID: id}, Probe: Probe{Status: BrokerAlive}}
}

// gone is a broker that is not registered and refuses connections.
func gone(id int32) Broker {
	return Broker{ID: id, Address: "h:9092", RegistryRead: true, Probe: Probe{Status: BrokerRefused}}
}

// snap is a snapshot in which everything could be read.
func snap(at time.Duration, p *Picture, brokers ...Broker) *Snapshot {
	registered := map[int32]*Registration{}
	for i := range brokers {
		if brokers[i].Registration != nil {
			registered[brokers[i].ID] = brokers[i].Registration
		}
	}
	s := &Snapshot{
		Cluster: "c", Trigger: TriggerInterval, Started: t0.Add(at), Finished: t0.Add(at),
		Registrations: Read(registered), Controller: Read(Controller{ID: 1, Exists: true, Named: true}), Brokers: brokers,
		BrokersTried: len(brokers), BrokersHeard: 1, Picture: Read(p), Groups: Read(&Groups{}), Outcomes: map[Source]Outcome{},
	}
	s.Summary = Summarize(p, brokers)
	return s
}

// blind is a snapshot in which neither registry nor partitions could be read.
func blind(at time.Duration, err error) *Snapshot {
	return &Snapshot{
		Cluster: "c", Trigger: TriggerInterval, Started: t0.Add(at), Finished: t0.Add(at),
		Registrations: Failed[map[int32]*Registration](err), Controller: Failed[Controller](err), Picture: Failed[*Picture](err),
		Outcomes: map[Source]Outcome{SourceRegistry: {Err: err}, SourcePartitions: {Err: err}},
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

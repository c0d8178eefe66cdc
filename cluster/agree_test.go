package cluster

import (
	"errors"
	"testing"
)

func agreeing() *Snapshot {
	regs := map[int32]*Registration{1: {ID: 1, Session: 7}}
	return &Snapshot{
		Ensemble:      &Ensemble{Servers: []Server{{Name: "z", Mode: ModeLeader}}},
		Registrations: Read(regs), Controller: Read(Controller{ID: 1, Exists: true, Named: true}),
		Brokers: []Broker{{ID: 1, Address: "b:1", Registration: regs[1], RegistryRead: true, Probe: Probe{Status: BrokerAlive}}},
		Summary: &Summary{Partitions: 2, UnderReplicated: map[MissingReason]int{}, Loads: map[int32]*Load{1: {Leaders: 2}}},
	}
}

func TestAgree(t *testing.T) {
	if !Agree(agreeing(), agreeing()) || Agree(nil, agreeing()) || agreeing().Unsettled() {
		t.Fatal("two equal snapshots must agree, and the first agrees with nothing")
	}
	for what, change := range map[string]func(*Snapshot){
		"a broker came":         func(s *Snapshot) { s.Brokers = append(s.Brokers, Broker{ID: 2}) },
		"it is another":         func(s *Snapshot) { s.Brokers[0].ID = 3 },
		"its probe failed":      func(s *Snapshot) { s.Brokers[0].Probe.Status = BrokerRefused },
		"it unregistered":       func(s *Snapshot) { s.Brokers[0].Registration = nil },
		"it registered anew":    func(s *Snapshot) { s.Brokers[0].Registration = &Registration{ID: 1, Session: 8} },
		"it was fenced":         func(s *Snapshot) { s.Brokers[0].Registration = &Registration{ID: 1, Session: 7, Fenced: true} },
		"the registry is gone":  func(s *Snapshot) { s.Brokers[0].RegistryRead = false },
		"another controller":    func(s *Snapshot) { s.Controller = Read(Controller{ID: 2, Exists: true, Named: true}) },
		"no controller":         func(s *Snapshot) { s.Controller = Read(Controller{}) },
		"unknown controller":    func(s *Snapshot) { s.Controller = Failed[Controller](errors.New("no")) },
		"another mode":          func(s *Snapshot) { s.Ensemble.Servers[0].Mode = ModeFollower },
		"no ensemble":           func(s *Snapshot) { s.Ensemble = nil },
		"a partition came":      func(s *Snapshot) { s.Summary.Partitions++ },
		"one is offline":        func(s *Snapshot) { s.Summary.Offline++ },
		"one lags":              func(s *Snapshot) { s.Summary.UnderReplicated[MissingLagging]++ },
		"leadership moved":      func(s *Snapshot) { s.Summary.Loads[1].Leaders-- },
		"states became unknown": func(s *Snapshot) { s.Summary.StatesKnown = true },
		"no picture":            func(s *Snapshot) { s.Summary = nil },
	} {
		changed := agreeing()
		change(changed)
		if Agree(agreeing(), changed) || Agree(changed, agreeing()) {
			t.Errorf("%s: they agree", what)
		}
	}
}

func TestUnsettled(t *testing.T) {
	s := agreeing()
	s.Controller = Read(Controller{})
	if !s.Unsettled() {
		t.Error("it stays without a controller")
	}
	s = agreeing()
	s.Summary.Offline = 1
	if !s.Unsettled() {
		t.Error("a partition stays without a leader")
	}
}

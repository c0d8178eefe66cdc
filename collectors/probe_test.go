package collectors

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

func TestEachAddressIsProbedOnceAPoll(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.poll(t)
	f.asked = nil
	p.poll(t)
	if got := f.calls("probe"); !slices.Equal(got, []string{"probe 0 b:9000", "probe 1 b:9001"}) {
		t.Errorf("probes %q", got)
	}
	if len(f.retained) != 2 || f.retained[0].Addr != "b:9000" || f.retained[1].Addr != "b:9001" {
		t.Errorf("connections kept to %v", f.retained)
	}
}

// A frozen broker must not take the time of the whole stage.
func TestProbeHasItsOwnTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.hang["probe 0 b:9000"] = true
		p := poller(t, f)
		p.cfg.Poll.Timeout = time.Minute
		begun := time.Now()
		s := p.poll(t)
		if took := time.Since(begun); took != probeTimeout || s.Broker(0).Status() != cluster.BrokerTimeout {
			t.Errorf("broker 0 is %s after %v", s.Broker(0).Status(), took)
		}
	})
}

// Brokers of the poll before are asked at once: a registry that does not answer
// takes away nothing of what we see of them.
func TestHangingRegistryDelaysNoProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		p := poller(t, f)
		p.poll(t)
		f.hang["registry"] = true
		if s := p.poll(t); s.BrokersHeard != 2 || s.BrokersTried != 2 {
			t.Errorf("heard %d of %d", s.BrokersHeard, s.BrokersTried)
		}
	})
}

func TestBrokerWithoutAnAddressIsUnknownAndSaysWhy(t *testing.T) {
	f := newFake()
	f.registration(0).Endpoints, f.registration(0).Rack = nil, "r0"
	s := poller(t, f).poll(t)
	if asked := f.calls("probe"); !slices.Equal(asked, []string{"probe 1 b:9001"}) {
		t.Errorf("probes %q", asked)
	}
	b := s.Broker(0)
	if _, known := b.Up(); known || b.Status() != cluster.BrokerUnknown || b.Probe.Err == nil || b.Rack != "r0" {
		t.Errorf("broker 0: %+v", b)
	}
	faults := s.Outcomes[cluster.SourceProbes].Faults
	if len(faults) != 1 || faults[0].Reason != string(cluster.BrokerUnknown) || faults[0].Err == nil {
		t.Errorf("faults %+v", faults)
	}
}

// Brokers may all have moved: then only the bootstrap addresses lead to them, for as
// long as no broker of those that are known answers.
func TestBootstrapIsAskedWhileNoKnownBrokerAnswers(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.cfg.Kafka.Brokers = []string{"k:9092"}
	for i, step := range []struct {
		down bool
		want int
	}{{false, 1}, {false, 0}, {true, 0}, {true, 1}, {true, 1}, {false, 1}, {false, 0}} {
		f.fail = map[string]error{}
		if step.down {
			f.fail["probe 0 b:9000"], f.fail["probe 1 b:9001"] = errors.New("refused"), errors.New("refused")
		}
		f.asked = nil
		p.poll(t)
		if asked := f.calls("probe -1"); len(asked) != step.want {
			t.Errorf("poll %d asks %q, want %d", i, asked, step.want)
		}
		if kept := slices.ContainsFunc(f.retained, func(n kafka.Node) bool { return n.Addr == "k:9092" }); kept != (step.want == 1) {
			t.Errorf("poll %d keeps connections to %v", i, f.retained)
		}
	}
}

package collectors

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
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

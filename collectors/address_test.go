package collectors

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/kafka"
)

func endpoint(listener, protocol string, port int) cluster.Endpoint {
	return cluster.Endpoint{Listener: listener, Protocol: protocol, Host: "b", Port: port}
}

func TestProtocolFollowsFromTLSAndSASL(t *testing.T) {
	b := &cluster.Registration{Endpoints: []cluster.Endpoint{
		endpoint("A", "PLAINTEXT", 1), endpoint("B", "SSL", 2), endpoint("C", "SASL_PLAINTEXT", 3), endpoint("D", "SASL_SSL", 4),
	}}
	for _, c := range []struct {
		tls       bool
		mechanism config.Mechanism
		want      string
	}{{false, "", "b:1"}, {true, "", "b:2"}, {false, "PLAIN", "b:3"}, {true, "SCRAM-SHA-256", "b:4"}} {
		p := poller(t, newFake())
		p.cfg.Kafka.TLS.Enabled, p.cfg.Kafka.SASL.Mechanism = c.tls, c.mechanism
		if got, err := p.address(b); got != c.want || err != nil {
			t.Errorf("tls %v, sasl %q: %q, %v", c.tls, c.mechanism, got, err)
		}
	}
}

// What a broker tells of the others over a listener has no name, and is of that
// listener.
func TestAddressFromMetadataIsTakenAsItIs(t *testing.T) {
	p := poller(t, newFake())
	p.cfg.Kafka.Listener, p.listener = "OUTER", "INNER"
	p.cfg.Kafka.TLS.Enabled = true
	if got, err := p.address(&cluster.Registration{Endpoints: []cluster.Endpoint{endpoint("", "", 9092)}}); got != "b:9092" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// newAmbiguous is a cluster whose brokers have two listeners for us, of which the
// bootstrap address k:1 belongs to the second.
func newAmbiguous() *fakeCluster {
	f := newFake()
	for id := range int32(2) {
		f.registration(id).Endpoints = []cluster.Endpoint{endpoint("INNER", "PLAINTEXT", int(9000+id)), endpoint("OUTER", "PLAINTEXT", int(9100+id)), endpoint("SAFE", "SSL", int(9100+id))}
	}
	outer := map[int32]*cluster.Registration{}
	for id := range int32(2) {
		outer[id] = &cluster.Registration{ID: id, Endpoints: []cluster.Endpoint{endpoint("", "", int(9100+id))}}
	}
	f.metadataOf = map[string]*kafka.Metadata{"k:1": {Brokers: outer}, "k:2": {Brokers: outer}}
	return f
}

var outerProbes = []string{"probe 0 b:9100", "probe 1 b:9101"}

func TestListenerIsLearntFromBootstrapAddresses(t *testing.T) {
	for name, change := range map[string]func(f *fakeCluster){
		"all is well":               func(*fakeCluster) {},
		"the first does not answer": func(f *fakeCluster) { f.fail["probe -1 k:1"] = errors.New("refused") },
		"the first hangs":           func(f *fakeCluster) { f.hang["probe -1 k:1"] = true },
		"the first has something else inside": func(f *fakeCluster) {
			f.metadataOf["k:1"] = &kafka.Metadata{Brokers: map[int32]*cluster.Registration{7: {}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newAmbiguous()
				change(f)
				p := poller(t, f)
				p.cfg.Kafka.Brokers = []string{"k:1", "k:2"}
				s := p.poll(t)
				if got := append(f.calls("probe 0"), f.calls("probe 1")...); !slices.Equal(got, outerProbes) || !s.Picture.OK() {
					t.Errorf("probes %q, picture read %v", got, s.Picture.OK())
				}
				f.asked = nil
				p.poll(t)
				if asked := f.calls("metadata"); len(asked) != 0 {
					t.Errorf("asked again: %q", asked)
				}
				if got := f.calls("probe"); !slices.Equal(got, outerProbes) {
					t.Errorf("the second poll probes %q", got)
				}
			})
		})
	}
}

func TestSeveralListenersWithoutBootstrapAddresses(t *testing.T) {
	f := newAmbiguous()
	s := poller(t, f).poll(t)
	if err := s.Broker(0).Probe.Err; err == nil || !strings.Contains(err.Error(), "kafka.listener") {
		t.Errorf("broker 0: %v", err)
	}
	if asked := append(f.calls("probe"), f.calls("metadata")...); len(asked) != 0 || !s.Picture.OK() {
		t.Errorf("asked %q, picture read %v", asked, s.Picture.OK())
	}
}

// The registry is read by way of those that were to tell the listener.
func TestSilentBootstrapAddressesLeaveTimeForTheRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newAmbiguous()
		f.hang["probe -1 k:1"] = true
		p := poller(t, f)
		p.cfg.Kafka.Brokers = []string{"k:1"}
		begun := time.Now()
		var waited time.Duration
		f.registryRead = func() { waited = time.Since(begun) }
		p.poll(t)
		if stage := time.Duration(float64(p.cfg.Poll.Timeout) * stage1Ends); waited == 0 || waited > stage/2 {
			t.Errorf("the registry was kept waiting for %v of %v", waited, stage)
		}
	})
}

// Listeners are renamed, and brokers may have different ones.
func TestLearntListenerDecidesOnlyWhereItIsNeeded(t *testing.T) {
	p := poller(t, newFake())
	p.listener = "OUTER"
	inner, outer, other := endpoint("INNER", "PLAINTEXT", 1), endpoint("OUTER", "PLAINTEXT", 2), endpoint("OTHER", "PLAINTEXT", 3)
	for _, c := range []struct {
		endpoints []cluster.Endpoint
		want, err string
	}{
		{[]cluster.Endpoint{inner, outer}, "b:2", ""},
		{[]cluster.Endpoint{other}, "b:3", ""},
		{[]cluster.Endpoint{inner, other}, "", "several PLAINTEXT listeners"},
	} {
		b := &cluster.Registration{Endpoints: c.endpoints}
		got, err := p.address(b)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%v: %q, %v", c.endpoints, got, err)
		}
		if open := p.ambiguous(map[int32]*cluster.Registration{0: b}); open != (c.err != "") {
			t.Errorf("%v: to be asked for anew: %v", c.endpoints, open)
		}
	}
}

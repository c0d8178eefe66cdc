package collectors

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestPollReadsCommitsBeforeEnds(t *testing.T) {
	f := newFake()
	s := poller(t, f).poll(t)
	if got := f.calls("offsets"); !slices.Equal(got, []string{
		"offsets 0 -1 map[test:[0]]", "offsets 0 -2 map[test:[0]]",
		"offsets 1 -1 map[__consumer_offsets:[0] test:[1]]", "offsets 1 -2 map[__consumer_offsets:[0] test:[1]]",
	}) {
		t.Errorf("offsets asked: %q", got)
	}
	last := slices.IndexFunc(f.asked, func(c string) bool { return strings.HasPrefix(c, "commits") })
	first := slices.IndexFunc(f.asked, func(c string) bool { return strings.HasPrefix(c, "offsets") })
	if last < 0 || first < last {
		t.Errorf("ends were read before commits: %q", f.asked)
	}
	if got := f.calls("commits"); !slices.Equal(got, []string{"commits 1 g map[test:[0 1]]"}) {
		t.Errorf("commits asked: %q", got)
	}
	groups, ok := s.Groups.Get()
	if !ok || len(groups.Groups) != 1 || groups.Groups[0].Members != 1 || s.BrokersHeard != 2 || s.Release != "0.9" {
		t.Errorf("groups %+v, heard %d, release %s", groups, s.BrokersHeard, s.Release)
	}
}

func TestNoGroupIsAskedForWithoutTheOffsetsTopic(t *testing.T) {
	f := newFake()
	picture, _ := f.registry.Picture.Get()
	picture.Topics = picture.Topics[1:]
	s := poller(t, f).poll(t)
	if asked := append(f.calls("list"), f.calls("commits")...); len(asked) > 0 {
		t.Errorf("asked %q, which creates __consumer_offsets", asked)
	}
	if groups, ok := s.Groups.Get(); !ok || len(groups.Groups) != 0 {
		t.Errorf("groups = %v, %v, want none", groups, ok)
	}
}

// A 0.9 broker no longer lists a group whose last member left. Its coordinator
// still tells what it committed.
func TestGroupsThatLostTheirMembersStay(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.poll(t)
	f.groups = nil
	s := p.poll(t)
	groups, _ := s.Groups.Get()
	if len(groups.Groups) != 1 || groups.Groups[0].Members != 0 || len(groups.Groups[0].Topics) != 1 {
		t.Errorf("groups = %+v, want g without members", groups.Groups)
	}
	f.commits = nil // they expired
	p.poll(t)
	f.asked = nil
	p.poll(t)
	if asked := f.calls("commits"); len(asked) > 0 {
		t.Errorf("a group without commits is still asked for: %q", asked)
	}
}

// A coordinator that takes over groups lists none while it reads them. Those that it had
// before are told all the same, and that there may be others.
func TestGroupsOfALoadingCoordinator(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	before, _ := p.poll(t).Groups.Get()
	coordinator := before.Groups[0].Coordinator
	f.fail[fmt.Sprintf("list %d", coordinator)] = fmt.Errorf("ListGroups: %w", sarama.ErrOffsetsLoadInProgress)
	s := p.poll(t)
	groups, ok := s.Groups.Get()
	if !ok || len(groups.Groups) != 1 || !reflect.DeepEqual(groups.Groups[0].Topics, before.Groups[0].Topics) || groups.Groups[0].Members != before.Groups[0].Members {
		t.Errorf("groups %+v, %v; before %+v", groups, ok, before)
	}
	if len(s.Outcomes[cluster.SourceGroups].Faults) != 1 {
		t.Errorf("it is not told that groups may lack: %+v", s.Outcomes[cluster.SourceGroups])
	}
	// Who has seen none before knows of none.
	first := poller(t, f).poll(t)
	if groups, _ := first.Groups.Get(); groups != nil && len(groups.Groups) > 0 || len(first.Outcomes[cluster.SourceGroups].Faults) != 1 {
		t.Errorf("by a first poll there are %+v, %+v", groups, first.Outcomes[cluster.SourceGroups])
	}
}

func TestOneSilentBrokerTakesOnlyItsOwn(t *testing.T) {
	f := newFake()
	f.fail["probe 0 b:9000"] = context.DeadlineExceeded
	s := poller(t, f).poll(t)
	if b := s.Broker(0); b.Status() != cluster.BrokerTimeout {
		t.Errorf("broker 0 is %s", b.Status())
	}
	if asked := append(f.calls("list 0"), f.calls("offsets 0")...); len(asked) > 0 {
		t.Errorf("the silent broker was asked for more: %q", asked)
	}
	for _, source := range []cluster.Source{cluster.SourceGroups, cluster.SourceOffsets, cluster.SourcePartitions} {
		if err := s.Outcomes[source].Err; err != nil {
			t.Errorf("%s failed for the whole cluster: %v", source, err)
		}
	}
}

// Whatever hangs, the poll ends by its deadline, and what did not hang is there.
func TestPollEndsByItsDeadline(t *testing.T) {
	for _, hangs := range []string{"ensemble", "registry", "probe 0 b:9000", "list 1", "commits 1 g map[test:[0 1]]", "offsets 1 -1 map[__consumer_offsets:[0] test:[1]]"} {
		t.Run(hangs, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.hang[hangs] = true
				p := poller(t, f)
				begun := time.Now()
				s := p.poll(t)
				if took := time.Since(begun); took > p.cfg.Poll.Timeout {
					t.Errorf("the poll took %v, its timeout is %v", took, p.cfg.Poll.Timeout)
				}
				if read := s.Picture.OK(); read != (hangs != "registry") {
					t.Errorf("picture read: %v", read)
				}
				if s.Ensemble == nil {
					t.Error("the ensemble is not there")
				}
			})
		})
	}
}

func TestBlindPollKeepsAskingKnownBrokers(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.poll(t)
	f.fail["registry"] = errors.New("no session")
	s := p.poll(t)
	if len(s.Brokers) != 2 || s.BrokersHeard != 2 || s.Brokers[0].Status() != cluster.BrokerUnknown {
		t.Errorf("brokers = %+v", s.Brokers)
	}
	for _, source := range []cluster.Source{cluster.SourcePartitions, cluster.SourceGroups, cluster.SourceOffsets} {
		if err := s.Outcomes[source].Err; !errors.Is(err, cluster.ErrDepends) {
			t.Errorf("%s: %v, want that it depends on the registry", source, err)
		}
	}
	if o := s.Outcomes[cluster.SourceRegistry]; o.Err == nil || len(o.Faults) != 1 {
		t.Errorf("registry: %+v, want one fault", o)
	}
	if s.Summary != nil || s.Registrations.OK() || s.Controller.OK() || s.Groups.OK() {
		t.Error("something is told that was not read")
	}
}

func TestPanicIsTheSourcesOwnFailure(t *testing.T) {
	for call, source := range map[string]cluster.Source{
		"ensemble": cluster.SourceEnsemble, "registry": cluster.SourceRegistry, "list 1": cluster.SourceGroups,
		"offsets 1 -1 map[__consumer_offsets:[0] test:[1]]": cluster.SourceOffsets,
	} {
		f := newFake()
		f.panics[call] = true
		s := poller(t, f).poll(t)
		faults := s.Outcomes[source].Faults
		if !slices.ContainsFunc(faults, func(f cluster.Fault) bool { return f.Reason == cluster.ReasonPanic }) {
			t.Errorf("%s panics: faults of %s are %+v", call, source, faults)
		}
		if s.BrokersHeard == 0 && call != "registry" {
			t.Errorf("%s panics, and no broker is heard", call)
		}
	}
	f := newFake()
	f.panics["probe 0 b:9000"] = true
	if s := poller(t, f).poll(t); s.Broker(0).Probe.Answered() || !s.Broker(1).Probe.Answered() {
		t.Error("a panic in one probe is not that broker's own")
	}
}

func TestBootstrapIsAskedWhileNobodyIsKnown(t *testing.T) {
	f := newFake()
	f.fail["registry"] = errors.New("no session")
	f.fail["probe -1 k1:9092"] = errors.New("refused")
	p := poller(t, f)
	p.cfg.Kafka.Brokers = []string{"k1:9092", "k2:9092"}
	s := p.poll(t)
	if s.BrokersTried != 2 || s.BrokersHeard != 1 || len(s.Brokers) != 0 {
		t.Errorf("tried %d, heard %d, brokers %v", s.BrokersTried, s.BrokersHeard, s.Brokers)
	}
	f.fail = map[string]error{}
	f.asked = nil
	p.poll(t)
	f.asked = nil
	p.poll(t)
	if asked := f.calls("probe -1"); len(asked) > 0 {
		t.Errorf("bootstrap addresses are asked though brokers are known: %q", asked)
	}
}

// A registry that hangs must not cost the bootstrap addresses their time to answer.
func TestBootstrapIsHeardWhileTheRegistryHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.hang["registry"] = true
		p := poller(t, f)
		p.cfg.Kafka.Brokers = []string{"k1:9092"}
		if s := p.poll(t); s.BrokersHeard != 1 {
			t.Errorf("heard %d of %d", s.BrokersHeard, s.BrokersTried)
		}
	})
}

// One coordinator that fails is one fault, whatever it coordinates.
func TestFailingCoordinatorIsOneFault(t *testing.T) {
	f := newFake()
	f.groups[1] = nil
	for i := range 300 {
		name := fmt.Sprintf("g%d", i)
		f.groups[1] = append(f.groups[1], name)
		f.fail["commits 1 "+name+" map[test:[0 1]]"] = errors.New("coordinator is loading")
	}
	s := poller(t, f).poll(t)
	faults := s.Outcomes[cluster.SourceGroups].Faults
	if len(faults) != 1 || !strings.Contains(faults[0].Err.Error(), "300 times, the first: coordinator is loading") {
		t.Errorf("%d faults: %v", len(faults), faults)
	}
	if groups, _ := s.Groups.Get(); len(groups.Groups) != 300 || groups.Groups[0].Topics != nil {
		t.Errorf("%d groups", len(groups.Groups))
	}
}

// Brokers that cannot be addressed are not in order, nor unreachable: they were not
// asked.
func TestBrokersWithoutAnAddress(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.cfg.Kafka.Listener = "NOSUCH"
	s := p.poll(t)
	if err := s.Outcomes[cluster.SourceProbes].Err; err == nil || !strings.Contains(err.Error(), `no listener "NOSUCH"`) {
		t.Errorf("probes: %v", err)
	}
	if s.Summary.ProbesKnown || s.BrokersTried != 0 {
		t.Errorf("tried %d, summary %+v", s.BrokersTried, s.Summary)
	}
	if s.Verdict() != cluster.Untold || len(s.Troubles) == 0 {
		t.Errorf("verdict %s, troubles %v", s.Verdict(), s.Troubles)
	}
	for _, b := range s.Brokers {
		if _, known := b.Up(); known {
			t.Errorf("broker %d is said to be up or down", b.ID)
		}
	}
}

func TestOldestRelease(t *testing.T) {
	registered := func(release string) cluster.Broker {
		return cluster.Broker{Release: release, RegistryRead: true, Registration: &cluster.Registration{}}
	}
	gone, unread := registered("0.8"), registered("0.10")
	gone.Registration, unread.Registration, unread.RegistryRead = nil, nil, false
	for want, brokers := range map[string][]cluster.Broker{
		"0.9":  {registered("0.10"), registered("0.9"), registered("2.8")},
		"2.8":  {registered("3.9"), registered("2.8"), registered("")},
		"3.9":  {registered("3.9"), gone},
		"0.10": {unread},
		"":     {registered("")},
	} {
		if got := oldestRelease(brokers); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAddressPicksTheListener(t *testing.T) {
	plain := cluster.Endpoint{Listener: "PLAINTEXT", Protocol: "PLAINTEXT", Host: "b", Port: 9092}
	ssl := cluster.Endpoint{Listener: "SSL", Protocol: "SSL", Host: "b", Port: 9093}
	inner := cluster.Endpoint{Listener: "INTERNAL", Protocol: "PLAINTEXT", Host: "::1", Port: 9094}
	for _, c := range []struct {
		listener  string
		endpoints []cluster.Endpoint
		want, err string
	}{
		{"", []cluster.Endpoint{plain, ssl}, "b:9092", ""},
		{"", []cluster.Endpoint{plain, inner}, "", "kafka.listener"},
		{"INTERNAL", []cluster.Endpoint{plain, inner}, "[::1]:9094", ""},
		{"OUTER", []cluster.Endpoint{plain}, "", `no listener "OUTER"`},
		{"", []cluster.Endpoint{ssl}, "", "no PLAINTEXT listener"},
		{"", nil, "", "names no address"},
	} {
		p := poller(t, newFake())
		p.cfg.Kafka.Listener = c.listener
		got, err := p.address(&cluster.Registration{Endpoints: c.endpoints})
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q of %v: %q, %v", c.listener, c.endpoints, got, err)
		}
	}
}

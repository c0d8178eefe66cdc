package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// finder collects the troubles of one snapshot, and what it could not look for.
type finder struct {
	s        *Snapshot
	troubles []Trouble
	unlooked []string // keys, or beginnings of keys that end with a blank
}

// findTroubles lists everything that a snapshot says is wrong, causes before what
// follows from them.
func findTroubles(s *Snapshot) *finder {
	f := &finder{s: s}
	f.ensemble()
	f.brokers()
	f.partitions()
	f.permissions()
	f.sources()
	return f
}

// hidden says whether a trouble, if there is one, could not be seen.
func (f *finder) hidden(key string) bool {
	return slices.ContainsFunc(f.unlooked, func(k string) bool {
		return k == key || strings.HasSuffix(k, " ") && strings.HasPrefix(key, k)
	})
}

func (f *finder) add(severity Severity, key, format string, args ...any) *Trouble {
	f.troubles = append(f.troubles, Trouble{Key: key, Severity: severity, rank: len(f.troubles), Text: fmt.Sprintf(format, args...)})
	return &f.troubles[len(f.troubles)-1]
}

// blind adds what we cannot see.
func (f *finder) blind(severity Severity, key, format string, args ...any) *Trouble {
	t := f.add(severity, key, format, args...)
	t.Blind = true
	return t
}

// because adds the state behind a trouble, and the error behind the state.
func (t *Trouble) because(state string, err error) {
	t.State = state
	if err != nil {
		t.Detail = err.Error()
	}
}

func (f *finder) ensemble() {
	e := f.s.Ensemble
	if e == nil {
		return
	}
	quorum, known := e.HasQuorum()
	switch {
	case known && !quorum:
		f.add(Critical, keyEnsemble, "ZooKeeper has no quorum: Kafka goes on with what it has, but can elect no leader and change nothing").because("no quorum", nil)
	case !known && !f.s.Registrations.OK():
		f.blind(Critical, keyEnsemble, "no ZooKeeper server says how it is: the brokers' registry cannot be read, and nothing of Kafka that stands in it is known").because("silent", nil)
	}
	if n, known := e.Leaders(); known && n > 1 {
		f.add(Critical, keyLeaders, "%d ZooKeeper servers say that they are leader", n)
	}
	for i := range e.Servers {
		if v := &e.Servers[i]; v.Status != ServerOK {
			f.add(Warning, "zookeeper "+v.Name, "ZooKeeper server %s: %s", v.Name, explain(string(v.Status))).because(string(v.Status), v.Err)
		}
	}
}

func (f *finder) brokers() {
	s := f.s
	if s.BrokersTried > 0 && s.BrokersHeard == 0 {
		f.unreachable()
	}
	switch c, ok := s.Controller.Get(); {
	case !ok:
		f.unlooked = append(f.unlooked, keyController)
	case !c.Exists:
		f.add(Critical, keyController, "there is no active controller: no leader can be elected")
	}
	if !s.Registrations.OK() {
		f.unlooked = append(f.unlooked, "broker ") // all of them
	}
	for i := range s.Brokers {
		f.broker(&s.Brokers[i])
	}
}

// unreachable tells that no broker could be asked, and why one of them could not.
// Bootstrap addresses are no brokers, so nothing else tells of them.
func (f *finder) unreachable() {
	text, probes := "", f.s.Outcomes[SourceProbes].Faults
	if len(probes) > 0 {
		text = ": " + explain(probes[0].Reason)
	}
	t := f.blind(Critical, keyUnreachable, "evenkeel cannot reach any broker (%d tried)%s", f.s.BrokersTried, text)
	if len(probes) > 0 {
		t.because(probes[0].Reason, probes[0].Err)
	}
}

func (f *finder) broker(b *Broker) {
	key := BrokerKey(b.ID)
	st := b.Status()
	if !b.RegistryRead {
		// Half of what there is to know. A broker that was known to be down stays so.
		if st != BrokerUnknown {
			f.unanswering(key, b).weak = true
		}
		return
	}
	switch {
	case st == BrokerAlive:
	case (st == BrokerUnregistered || st == BrokerFenced) && f.idle(b.ID):
		// It left, and nothing is missing: that is no trouble.
	case st == BrokerFenced:
		f.add(Warning, key, "broker %d is fenced: the controller knows it, does not hear from it, and lets it lead nothing", b.ID).because(string(st), b.Probe.Err)
	case st == BrokerUnregistered && b.Probe.Answered():
		f.add(Warning, key, "broker %d is not registered: for the cluster it is down, though it still answers at %s", b.ID, b.Address).because(string(st), nil)
	case st == BrokerUnregistered:
		f.add(Warning, key, "broker %d is not registered: for the cluster it is down", b.ID).because(string(st), nil)
	case st == BrokerUnknown:
		f.blind(Warning, key, "broker %d is registered, but there is no address at which to ask it", b.ID).because(string(st), b.Probe.Err)
	default:
		f.unanswering(key, b)
	}
}

func (f *finder) unanswering(key string, b *Broker) *Trouble {
	text := explain(string(b.Probe.Status))
	if b.Probe.Status == BrokerUnresolvable {
		text = "the name that it advertises does not resolve here, clients have the same trouble: check its advertised.listeners, on old releases advertised.host.name"
	}
	t := f.add(Warning, key, "broker %d does not answer us at %s: %s", b.ID, b.Address, text)
	t.because(string(b.Probe.Status), b.Probe.Err)
	return t
}

// idle says whether a broker is known to hold no replica.
func (f *finder) idle(broker int32) bool {
	z := f.s.Summary
	return z != nil && z.AssignmentKnown && z.Load(broker).Replicas == 0
}

func (f *finder) partitions() {
	z := f.s.Summary
	if z == nil || !z.StatesKnown || !z.RegistryKnown {
		f.unlooked = append(f.unlooked, keyOffline, keyLeaderUnreachable, keyReplicasDown, keyReplicasLag, keyReplicasDirs, keyMinISR, keyImbalance)
		return
	}
	if z.Offline > 0 {
		f.add(Critical, keyOffline, "%d of %d partitions are offline: no registered broker leads them", z.Offline, z.Partitions)
	}
	if !z.ProbesKnown {
		f.unlooked = append(f.unlooked, keyLeaderUnreachable)
	} else if z.LeaderUnreachable > 0 {
		f.add(Warning, keyLeaderUnreachable, "%d partitions are led by brokers that do not answer us", z.LeaderUnreachable)
	}
	if n := z.UnderReplicated[MissingBrokerDown]; n > 0 {
		f.add(Warning, keyReplicasDown, "%d partitions lack replicas, all of them on brokers that are down", n)
	}
	if n := z.UnderReplicated[MissingLogDir]; n > 0 {
		f.add(Warning, keyReplicasDirs, "%d partitions lack replicas that are on failed log directories of registered brokers", n)
	}
	if n := z.UnderReplicated[MissingLagging]; n > 0 {
		f.add(Warning, keyReplicasLag, "%d partitions have replicas on registered brokers that do not keep up", n)
	}
	f.minISR(z)
	switch n := z.Electable + z.NotElectable; {
	case f.s.History.ImbalanceSince.IsZero():
	case z.Electable == 0:
		f.add(Warning, keyImbalance, "leadership is not balanced: the preferred leaders of %d partitions cannot lead now", n).because("not electable", nil)
	default:
		f.add(Warning, keyImbalance, "leadership is not balanced: %d partitions are not led by their preferred leader; a preferred-replica election would repair %d of them", n, z.Electable).because("electable", nil)
	}
}

func (f *finder) minISR(z *Summary) {
	if !z.MinISRKnown {
		f.unlooked = append(f.unlooked, keyMinISR)
	} else if z.UnderMinISR > 0 {
		f.add(Critical, keyMinISR, "%d partitions have fewer replicas in sync than min.insync.replicas asks for: producers with acks=all cannot write to them", z.UnderMinISR)
	}
}

// permissions tells what this user is kept from seeing without an error.
func (f *finder) permissions() {
	if allowed, told := f.s.Permissions[Permission{"topic", "describe"}]; told && !allowed {
		f.blind(Warning, keyHiddenTopics, "this user does not see all topics: there are some that brokers do not show to it; grant it DESCRIBE on all topics")
	} else if !told {
		f.unlooked = append(f.unlooked, keyHiddenTopics)
	}
}

// sources tells what could not be read. A single broker or server that is silent is
// told as such above.
func (f *finder) sources() {
	for _, source := range Sources {
		o := f.s.Outcomes[source]
		if o.Err != nil {
			f.unlooked = append(f.unlooked, "fault "+string(source)+" ")
		}
		switch {
		case errors.Is(o.Err, ErrDepends):
			f.unlooked = append(f.unlooked, "source "+string(source))
		case o.Err != nil:
			f.blind(Warning, "source "+string(source), "the %s cannot be read", sourceNames[source]).because("", o.Err)
		case source != SourceEnsemble && source != SourceProbes:
			for _, fault := range o.Faults {
				f.blind(Warning, fmt.Sprintf("fault %s %s", source, fault.Target), "a part of the %s cannot be read: %s: %s", sourceNames[source], fault.Target, fault.Reason).because(fault.Reason, fault.Err)
			}
		}
	}
}

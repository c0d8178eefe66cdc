package cluster

import (
	"errors"
	"fmt"
)

// finder collects the troubles of one snapshot.
type finder struct {
	s   *Snapshot
	out []Trouble
}

// findTroubles lists everything that a snapshot says is wrong, causes before what
// follows from them.
func findTroubles(s *Snapshot) []Trouble {
	f := finder{s: s}
	f.ensemble()
	f.brokers()
	f.partitions()
	f.sources()
	return f.out
}

// add adds a trouble of the cluster's. Source is what must be read for its absence
// to mean that it is over; "" where that is always known.
func (f *finder) add(severity Severity, source Source, key, format string, args ...any) *Trouble {
	f.out = append(f.out, Trouble{Key: key, Severity: severity, source: source, rank: len(f.out), Text: fmt.Sprintf(format, args...)})
	return &f.out[len(f.out)-1]
}

// blind adds what we cannot see.
func (f *finder) blind(severity Severity, key, format string, args ...any) *Trouble {
	t := f.add(severity, "", key, format, args...)
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
	case !known:
		f.blind(Critical, "ensemble unknown", "no ZooKeeper server answers: the brokers' registry cannot be read, and nothing of Kafka that stands in it is known")
	case !quorum:
		f.add(Critical, "", "ensemble", "ZooKeeper has no quorum: Kafka goes on with what it has, but can elect no leader and change nothing")
	}
	if n, known := e.Leaders(); known && n > 1 {
		f.add(Critical, "", "ensemble leaders", "%d ZooKeeper servers say that they are leader", n)
	}
	for i := range e.Servers {
		if v := &e.Servers[i]; v.Status != ServerOK {
			f.add(Warning, "", "zookeeper "+v.Name, "ZooKeeper server %s: %s", v.Name, explain(string(v.Status))).because(string(v.Status), v.Err)
		}
	}
}

func (f *finder) brokers() {
	s := f.s
	if s.BrokersTried > 0 && s.BrokersHeard == 0 {
		f.blind(Critical, "unreachable", "evenkeel cannot reach any broker (%d tried)", s.BrokersTried)
	}
	if c, ok := s.Controller.Get(); ok && !c.Exists {
		f.add(Critical, SourceRegistry, "controller", "no broker is the active controller: no leader can be elected")
	}
	for i := range s.Brokers {
		f.broker(&s.Brokers[i])
	}
}

func (f *finder) broker(b *Broker) {
	key := fmt.Sprintf("broker %d", b.ID)
	switch st := b.Status(); {
	case st == BrokerAlive:
	case st == BrokerUnregistered && b.Probe.Answered():
		f.add(Warning, SourceRegistry, key, "broker %d is not registered: for the cluster it is down, though it still answers at %s", b.ID, b.Address).because(string(st), nil)
	case st == BrokerUnregistered:
		f.add(Warning, SourceRegistry, key, "broker %d is not registered: for the cluster it is down", b.ID).because(string(st), nil)
	case st == BrokerUnresolvable:
		f.add(Warning, "", key, "broker %d advertises a name that does not resolve here (%s), clients have the same trouble: check its advertised.listeners, on old releases advertised.host.name", b.ID, b.Address).because(string(st), b.Probe.Err)
	case st != BrokerUnknown:
		f.add(Warning, "", key, "broker %d does not answer us at %s: %s", b.ID, b.Address, explain(string(st))).because(string(st), b.Probe.Err)
	case b.Registration != nil:
		f.add(Warning, "", key, "broker %d is registered, but there is no address at which to ask it", b.ID).because(string(st), b.Probe.Err)
	}
}

func (f *finder) partitions() {
	z := f.s.Summary
	if z == nil || !z.StatesKnown || !z.RegistryKnown {
		return
	}
	if z.Offline > 0 {
		f.add(Critical, SourcePartitions, "offline", "%d of %d partitions are offline: no registered broker leads them", z.Offline, z.Partitions)
	}
	if z.LeaderUnreachable > 0 {
		f.add(Warning, SourcePartitions, "leader unreachable", "%d partitions are led by brokers that do not answer us", z.LeaderUnreachable)
	}
	if n := z.UnderReplicated[MissingBrokerDown]; n > 0 {
		f.add(Warning, SourcePartitions, "under-replicated down", "%d partitions lack replicas, all of them on brokers that are down", n)
	}
	if n := z.UnderReplicated[MissingLagging]; n > 0 {
		f.add(Warning, SourcePartitions, "under-replicated lagging", "%d partitions have replicas on registered brokers that do not keep up", n)
	}
	switch n := z.Electable + z.NotElectable; {
	case f.s.History.ImbalanceSince.IsZero():
	case z.Electable == 0:
		f.add(Warning, SourcePartitions, "imbalance", "leadership is not balanced: the preferred leaders of %d partitions cannot lead now", n).because("not electable", nil)
	default:
		f.add(Warning, SourcePartitions, "imbalance", "leadership is not balanced: %d partitions are not led by their preferred leader; a preferred-replica election would repair %d of them", n, z.Electable).because("electable", nil)
	}
}

func (f *finder) sources() {
	for _, source := range []Source{SourceRegistry, SourcePartitions, SourceGroups, SourceOffsets} {
		o := f.s.Outcomes[source]
		if errors.Is(o.Err, ErrDepends) {
			continue
		}
		if o.Err != nil {
			f.blind(Warning, "source "+string(source), "the %s cannot be read", sourceNames[source]).because("", o.Err)
			continue
		}
		for _, fault := range o.Faults {
			f.blind(Warning, fmt.Sprintf("fault %s %s", source, fault.Target), "a part of the %s cannot be read: %s: %s", sourceNames[source], fault.Target, fault.Reason).because(fault.Reason, fault.Err)
		}
	}
}

var sourceNames = map[Source]string{
	SourceRegistry:   "registered brokers",
	SourcePartitions: "partitions",
	SourceGroups:     "consumer groups",
	SourceOffsets:    "ends of the logs",
}

// explanations say what a state means and where to look.
var explanations = map[string]string{
	string(BrokerRefused):       "connection refused: the process is not running, or listens elsewhere",
	string(BrokerTimeout):       "no answer in time: it hangs, is overloaded, or a firewall drops the packets",
	string(ServerUnresolvable):  "its name does not resolve here",
	string(BrokerProtocolError): "it answers, but not as Kafka does",
	string(ServerNotServing):    "it runs, but belongs to no quorum",
	string(ServerNotAllowed):    "srvr is not in its 4lw.commands.whitelist",
	string(ServerBadReply):      "it answers, but not as ZooKeeper does",
}

func explain(state string) string {
	if text := explanations[state]; text != "" {
		return text
	}
	return state
}

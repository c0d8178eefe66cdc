package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Severity says how loudly to tell of a trouble.
type Severity uint8

// Severities, the gravest first.
const (
	Critical Severity = iota + 1
	Warning
)

func (s Severity) String() string {
	if s == Critical {
		return "critical"
	}
	return "warning"
}

// Trouble is one thing that is wrong, in a sentence that a person woken at night
// understands.
type Trouble struct {
	Key      string // what it is about; the same trouble keeps its key from poll to poll
	Severity Severity
	Text     string
	Since    time.Time // end of the poll that saw it first
	Seen     bool      // false: what would show it could not be read in this poll, so it is not known to be over
	Blind    bool      // it tells what we cannot see, not what the cluster suffers

	source Source // what must be read for its absence to mean that it is over
	rank   int    // causes come before what follows from them
}

// Troubles keeps what is wrong from one snapshot to the next.
type Troubles map[string]Trouble

// Update returns what is wrong as of a snapshot, the gravest and oldest first,
// and which troubles began and ended with it. A trouble whose source cannot be
// read goes on, marked as not seen.
func (ts Troubles) Update(s *Snapshot) (now, began, ended []Trouble) {
	seen := make(map[string]bool)
	for _, t := range findTroubles(s) {
		seen[t.Key] = true
		t.Since, t.Seen = s.Finished, true
		if old, ongoing := ts[t.Key]; ongoing {
			t.Since = old.Since
		} else {
			began = append(began, t)
		}
		ts[t.Key] = t
	}
	for key, t := range ts {
		if seen[key] {
			continue
		}
		if t.source != "" && s.Outcomes[t.source].Err != nil {
			t.Seen = false
			ts[key] = t
			continue
		}
		delete(ts, key)
		ended = append(ended, t)
	}
	for _, t := range ts {
		now = append(now, t)
	}
	slices.SortFunc(now, compareTroubles)
	slices.SortFunc(ended, compareTroubles)
	return now, began, ended
}

func compareTroubles(a, b Trouble) int {
	return cmp.Or(cmp.Compare(a.Severity, b.Severity), a.Since.Compare(b.Since), cmp.Compare(a.rank, b.rank), cmp.Compare(a.Key, b.Key))
}

// finder collects the troubles of one snapshot.
type finder struct {
	s   *Snapshot
	out []Trouble
}

// blind adds what we cannot see.
func (f *finder) blind(severity Severity, key, format string, args ...any) {
	f.add(severity, "", key, format, args...)
	f.out[len(f.out)-1].Blind = true
}

func (f *finder) add(severity Severity, source Source, key, format string, args ...any) {
	f.out = append(f.out, Trouble{Key: key, Severity: severity, source: source, rank: len(f.out), Text: fmt.Sprintf(format, args...)})
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
			f.add(Warning, "", fmt.Sprintf("zookeeper %s %s", v.Name, v.Status), "ZooKeeper server %s: %s", v.Name, explain(string(v.Status), v.Err))
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
		b := &s.Brokers[i]
		st := b.Status()
		if st == BrokerAlive || st == BrokerUnknown {
			continue
		}
		key, text := fmt.Sprintf("broker %d %s", b.ID, st), explain(string(st), b.Probe.Err)
		if st == BrokerUnregistered {
			text = "is not registered: for the cluster it is down"
			if b.Probe.Answered() {
				text += ", though it still answers on " + b.Address
			}
			f.add(Warning, SourceRegistry, key, "broker %d %s", b.ID, text)
			continue
		}
		f.add(Warning, "", key, "broker %d does not answer us at %s: %s", b.ID, b.Address, text)
	}
}

func (f *finder) partitions() {
	z := f.s.Summary
	if z == nil || !z.StatesKnown {
		return
	}
	if z.RegistryKnown && z.Offline > 0 {
		f.add(Critical, SourcePartitions, "offline", "%d of %d partitions are offline: no registered broker leads them", z.Offline, z.Partitions)
	}
	if n := z.UnderReplicated[MissingBrokerDown]; z.RegistryKnown && n > 0 {
		f.add(Warning, SourcePartitions, "under-replicated down", "%d partitions lack replicas, all of them on brokers that are down", n)
	}
	if n := z.UnderReplicated[MissingLagging]; z.RegistryKnown && n > 0 {
		f.add(Warning, SourcePartitions, "under-replicated lagging", "%d partitions have replicas on registered brokers that do not keep up", n)
	}
	if z.RegistryKnown && z.LeaderUnreachable > 0 {
		f.add(Warning, SourcePartitions, "leader unreachable", "%d partitions are led by brokers that do not answer us", z.LeaderUnreachable)
	}
	switch n := z.Electable + z.NotElectable; {
	case f.s.History.ImbalanceSince.IsZero():
	case z.Electable == 0:
		f.add(Warning, SourcePartitions, "imbalance", "leadership is not balanced: the preferred leaders of %d partitions cannot lead now", n)
	default:
		f.add(Warning, SourcePartitions, "imbalance", "leadership is not balanced: %d partitions are not led by their preferred leader; a preferred-replica election would repair %d of them", n, z.Electable)
	}
}

func (f *finder) sources() {
	for _, source := range []Source{SourceRegistry, SourcePartitions, SourceGroups, SourceOffsets} {
		o := f.s.Outcomes[source]
		if errors.Is(o.Err, ErrDepends) {
			continue
		}
		if o.Err != nil {
			f.blind(Warning, "source "+string(source), "cannot read the %s: %v", sourceNames[source], o.Err)
			continue
		}
		for _, fault := range o.Faults {
			f.blind(Warning, fmt.Sprintf("fault %s %s %s", source, fault.Target, fault.Reason),
				"reading the %s: %s: %v", sourceNames[source], fault.Target, fault.Err)
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
	"refused":        "connection refused: the process is not running, or listens elsewhere",
	"timeout":        "no answer in time: it hangs, is overloaded, or a firewall drops the packets",
	"unresolvable":   "its advertised name does not resolve here: check advertised.listeners or advertised.host.name, clients have the same trouble",
	"not_serving":    "it runs, but belongs to no quorum",
	"not_allowed":    "srvr is not in its 4lw.commands.whitelist",
	"bad_reply":      "it answers, but not as ZooKeeper does",
	"protocol_error": "it answers, but not as Kafka does",
}

func explain(state string, err error) string {
	text := explanations[state]
	switch {
	case text == "" && err == nil:
		return state
	case text == "":
		return err.Error()
	case err == nil:
		return text
	default:
		return fmt.Sprintf("%s (%v)", text, err)
	}
}

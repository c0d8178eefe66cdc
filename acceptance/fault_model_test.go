//go:build cluster

package acceptance

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
)

// faultInterval is evenkeel's poll interval and timeout while faults are played. It
// is much longer than what a killed broker may take to be shown, so that only events
// can show it in time.
var faultInterval = flag.Duration("faults.interval", 2*time.Second, "poll interval and timeout of evenkeel in TestFaults")

// fault is one thing that goes wrong with a cluster, or with what lies between it and
// evenkeel, and what evenkeel has to say of it.
type fault struct {
	name  string   // words with underscores, as in the name of its test
	shows string   // for the table: what is shown of it
	bed   *bed     // the cluster that it is played on
	on    []string // releases; nil: all of faultReleases that the bed is for
	quick []string // releases on which make test plays it, too
	runs  int      // how often make chaos plays it; 0: once

	// begin brings the fault about, by a method of scene that notes the moment, and
	// returns what is true from that moment until end. The first claim is the one
	// whose delay the table tells.
	begin func(s *scene) []claim
	// during happens when all claims have come true; nil: nothing. For two polls after
	// it, what is claimed may be absent.
	during func(s *scene)
	// end undoes it. The scene then waits until the cluster itself is whole again.
	end func(s *scene)

	hold     time.Duration        // how long it lasts after all claims have come true; 0: two intervals, one in make test
	recovers func() time.Duration // how long after the cluster is whole evenkeel may take to show so; nil: two polls
	begins   int                  // how often the log may tell of the same trouble, each but the first after its end; 0: once
	unlike   []string             // families of which the recorder cannot tell the truth while it lasts
	crowds   bool                 // it stands in the way of the scrapes that are timed
	changes  bool                 // the cluster is another one afterwards: what is healthy is taken anew
}

// faultReleases mark the ages of Kafka: without ApiVersions and with the registry in
// ZooKeeper, with metadata that can be trusted, the last one with ZooKeeper, and the
// newest without.
var faultReleases = []string{"0.9.0.1", "2.8.2", "3.9.2", "4.4.0"}

// withZooKeeper are those of faultReleases that have an ensemble.
var withZooKeeper = []string{"0.9.0.1", "2.8.2", "3.9.2"}

// faults is filled by the files that declare some.
var faults []*fault

func declare(all ...*fault) { faults = append(faults, all...) }

// faultsOf returns what is played on a bed of a release, in the order of declaration.
func faultsOf(b *bed, release string) (all []*fault) {
	for _, f := range faults {
		on := f.on
		if on == nil {
			on = faultReleases
		}
		if !everyFault {
			on = f.quick
		}
		if f.bed == b && slices.Contains(on, release) {
			all = append(all, f)
		}
	}
	return all
}

// beds returns the beds of all faults.
func beds() (all []*bed) {
	for _, f := range faults {
		if !slices.Contains(all, f.bed) {
			all = append(all, f.bed)
		}
	}
	return all
}

// withReload is a fault in the middle of which evenkeel is told to read its
// configuration anew, which says something else by then, so that it begins anew with
// the cluster.
func withReload(f fault) *fault {
	f.name += "_and_reload"
	f.shows = "the same throughout a reload"
	f.quick, f.runs = nil, 0
	f.begins = max(1, f.begins) + 1 // who begins anew tells anew
	f.during = func(s *scene) {
		s.reloads++
		s.configure(fmt.Sprintf("no-group-%d", s.reloads))
		s.reload()
	}
	return &f
}

// claim is something that is true while a fault lasts.
type claim struct {
	want   string        // as program.shows takes it
	within time.Duration // for how long what was true before may still be shown
	kind   claimKind
}

type claimKind int

const (
	shown claimKind = iota // after that it is always shown so
	told                   // after that it is shown so, if at all
	lie                    // this is not true, and never shown, until all is well again
)

func is(want string, within time.Duration) claim    { return claim{want, within, shown} }
func ifAny(want string, within time.Duration) claim { return claim{want, within, told} }
func never(want string) claim                       { return claim{want, 0, lie} }

// verdict is how a sample stands to a want.
type verdict int

const (
	right verdict = iota
	absent
	wrong
)

func (s samples) verdict(want string) verdict {
	if s.lacks(want) == nil {
		return right
	}
	if strings.HasPrefix(want, "!") {
		return wrong
	}
	if _, there := s.values[want[:strings.LastIndexByte(want, ' ')]]; there {
		return wrong
	}
	return absent
}

// holds says whether a sample may be shown once the claim's time has passed.
func (c claim) holds(s samples) bool {
	switch v := s.verdict(c.want); c.kind {
	case shown:
		return v == right
	case told:
		return v != wrong
	default:
		return v != right
	}
}

// noOutage are the claims that nothing may look like an outage of the cluster, where
// it is only evenkeel that cannot see it.
func noOutage(s *scene) []claim {
	claims := []claim{
		never("kafka_offline_partitions >0"),
		never(`kafka_under_replicated_partitions{reason="broker_down"} >0`),
		never(`kafka_under_replicated_partitions{reason="lagging"} >0`),
		never("kafka_active_controllers 0"),
	}
	for _, b := range s.c.Brokers() {
		claims = append(claims, never(brokerSeries("kafka_broker_registered", b.ID())+" 0"))
	}
	return claims
}

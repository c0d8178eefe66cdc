package collectors

import (
	"slices"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

// Collector is one concern: the metrics that belong together, and what must have
// been read for them to be told.
type Collector struct {
	Name     string
	Help     string
	Sources  []cluster.Source // when one of these fails for the whole cluster, the collector failed
	Families []*metrics.Family
	Emit     func(v *View, w *metrics.Writer)

	// Also are sources that add some series and whose failure leaves these out,
	// without the collector failing; its errors count theirs as well.
	Also []cluster.Source
	// OfCluster: it tells nothing that belongs to a single group or topic.
	OfCluster bool
	// Applies says whether the cluster has what the collector looks at; nil: every
	// cluster does. One that does not apply tells nothing, neither of itself.
	Applies func(s *cluster.Snapshot) bool
}

// All returns the collectors in the order in which they are shown.
func All() []*Collector {
	return []*Collector{zookeeperCollector, brokersCollector, quorumCollector, isrCollector, leadershipCollector, lagCollector}
}

// Families returns every family that an exposition may hold, in the order in
// which it is written.
func Families() []*metrics.Family {
	var all []*metrics.Family
	for _, c := range All() {
		all = append(all, c.Families...)
	}
	return append(all, itselfFamilies...)
}

// View is a snapshot together with what the configuration says about showing it.
type View struct {
	*cluster.Snapshot
	Show Show

	shown []*cluster.Topic // made when first asked for
}

// Show says which of the many series of a snapshot are wanted. Counts over the
// whole cluster are never narrowed by it: a filter must not hide an offline
// partition.
type Show struct {
	Topic             func(name string) bool // topics with series of their own
	Mine              func(name string) bool // of these, the ones that belong to this shard
	ClusterWide       bool                   // what there is one of in a cluster, which the first shard tells
	PerPartition      bool                   // series for each partition
	GroupPerPartition bool                   // series for each partition of a group
	Limited           map[string]bool        // by limit: whether it leaves series out now
	// Objective is what is promised for a group; not ok where nothing is.
	Objective func(group string) (o config.Objective, ok bool)
}

// applying returns the collectors that apply to a cluster.
func applying(s *cluster.Snapshot) []*Collector {
	return slices.DeleteFunc(All(), func(c *Collector) bool { return c.Applies != nil && !c.Applies(s) })
}

// Succeeded says whether a collector could read what it stands on.
func (c *Collector) Succeeded(s *cluster.Snapshot) bool {
	for _, source := range c.Sources {
		if s.Outcomes[source].Err != nil {
			return false
		}
	}
	return true
}

// topics returns the topics that are shown here, in a slice that must not be changed.
// The filter is asked once for each of them, not once for each family. Topics that
// are being deleted are not shown: their replicas leave one by one, which means
// nothing any more.
func (v *View) topics() []*cluster.Topic {
	picture, ok := v.Picture.Get()
	if v.shown != nil || !ok {
		return v.shown
	}
	for i := range picture.Topics {
		if t := &picture.Topics[i]; !t.Deleting && v.Show.Topic(t.Name) && v.Show.Mine(t.Name) {
			v.shown = append(v.shown, t)
		}
	}
	return v.shown
}

// eachPartition calls f for every partition that has series of its own.
func (v *View) eachPartition(f func(topic, partition string, p *cluster.Partition)) {
	if !v.Show.PerPartition {
		return
	}
	for _, t := range v.topics() {
		for i := range t.Partitions {
			f(t.Name, metrics.Itoa(int(t.Partitions[i].ID)), &t.Partitions[i])
		}
	}
}

// brokerLabel spells a broker id as a label value.
func brokerLabel(id int32) string { return metrics.Itoa(int(id)) }

func gauge(name, help string, labels ...string) *metrics.Family {
	return &metrics.Family{Name: name, Help: help, Type: metrics.Gauge, Labels: labels}
}

func counter(name, help string, labels ...string) *metrics.Family {
	return &metrics.Family{Name: name, Help: help, Type: metrics.Counter, Labels: labels}
}

func untyped(name, help string, labels ...string) *metrics.Family {
	return &metrics.Family{Name: name, Help: help, Type: metrics.Untyped, Labels: labels}
}

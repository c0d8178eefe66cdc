package collectors

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

var (
	collectorSuccess  = gauge("evenkeel_collector_success", "1 when the collector could read what it stands on in the last poll, else 0.", "collector")
	collectorErrors   = counter("evenkeel_collector_errors_total", "Failures of single targets and of whole sources, by collector and reason.", "collector", "reason")
	collectorDuration = gauge("evenkeel_collector_duration_seconds", "Time that reading what the collector stands on took in the last poll.", "collector")
	collectorLast     = gauge("evenkeel_collector_last_success_timestamp_seconds", "End of the last poll in which the collector succeeded.", "collector")
	pollTime          = gauge("evenkeel_poll_timestamp_seconds", "End of the poll whose snapshot is shown.")
	pollDuration      = gauge("evenkeel_poll_duration_seconds", "Time that the poll took whose snapshot is shown.")
	polls             = counter("evenkeel_polls_total", "Polls made, by what started them.", "trigger")
	requests          = counter("evenkeel_kafka_requests_total", "Requests sent to brokers.", "api")
	requestErrors     = counter("evenkeel_kafka_request_errors_total", "Requests to brokers that failed.", "api")
	permission        = gauge("evenkeel_permission", "1 when this user may do the operation on every resource of this kind that it can see, else 0; absent where the release does not tell.", "resource", "operation")
	shardInfo         = gauge("evenkeel_shard_info", "1, where several evenkeels share the groups and topics of a cluster: which of how many this is.", "shard", "shards")
	limited           = gauge("evenkeel_limited", "1 while a limit of the configuration leaves series out, or while nothing can confirm what the brokers tell, else 0.", "what")
)

var itselfFamilies = []*metrics.Family{
	collectorSuccess, collectorErrors, collectorDuration, collectorLast,
	pollTime, pollDuration, polls, requests, requestErrors, permission, shardInfo, limited,
}

// serverReasons and brokerReasons are what can go wrong with a ZooKeeper server
// and a broker; every counter of them is there from the start.
var (
	serverReasons = func() []string {
		var all []string
		for _, s := range cluster.ServerStatuses[1:] {
			all = append(all, string(s))
		}
		return append(all, cluster.ReasonPermission, cluster.ReasonPanic, cluster.ReasonAbandoned)
	}()
	brokerReasons = []string{
		string(cluster.BrokerUnresolvable), string(cluster.BrokerRefused), string(cluster.BrokerTimeout),
		string(cluster.BrokerTLSError), string(cluster.BrokerAuthError), string(cluster.BrokerProtocolError),
		string(cluster.BrokerUnknown), cluster.ReasonPermission, cluster.ReasonPanic, cluster.ReasonAbandoned,
	}
)

var bothReasons = func() []string {
	both := slices.Concat(serverReasons, brokerReasons)
	slices.Sort(both)
	return slices.Compact(both)
}()

// sourceReasons says what can go wrong with each source.
var sourceReasons = map[cluster.Source][]string{
	cluster.SourceEnsemble:   serverReasons,
	cluster.SourceRegistry:   bothReasons, // from where the cluster keeps it
	cluster.SourcePartitions: bothReasons,
	cluster.SourceConfigs:    bothReasons,
	cluster.SourceQuorum:     brokerReasons,
	cluster.SourceProbes:     brokerReasons,
	cluster.SourceGroups:     brokerReasons,
	cluster.SourceOffsets:    brokerReasons,
}

// emitItself tells of the poll itself. Succeeded holds the collectors that did.
func (e *Exposition) emitItself(v *View, w *metrics.Writer, succeeded map[string]bool) {
	w.Begin(collectorSuccess)
	for _, c := range applying(v.Snapshot) {
		w.Bool(succeeded[c.Name], c.Name)
	}
	w.Begin(collectorErrors)
	for _, c := range applying(v.Snapshot) {
		emitErrors(v, w, c, e.panicked[c.Name])
	}
	w.Begin(collectorDuration)
	for _, c := range applying(v.Snapshot) {
		if d, ok := c.duration(v.Snapshot); ok {
			w.Float(d.Seconds(), c.Name)
		}
	}
	w.Begin(collectorLast)
	for _, c := range applying(v.Snapshot) {
		if t, ok := e.succeeded[c.Name]; ok {
			w.Float(seconds(t), c.Name)
		}
	}
	emitPoll(v, w)
	w.Begin(shardInfo)
	if shard := e.cfg.Shard; !shard.Whole() {
		w.Int(1, metrics.Itoa(shard.Index), metrics.Itoa(shard.Of))
	}
}

func emitErrors(v *View, w *metrics.Writer, c *Collector, panicked int) {
	counts := map[string]int{cluster.ReasonPanic: panicked}
	for _, source := range slices.Concat(c.Sources, c.Also) {
		for _, reason := range sourceReasons[source] {
			counts[reason] += v.History.Faults[cluster.FaultKey{Source: source, Reason: reason}]
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		w.Int(int64(counts[reason]), c.Name, reason)
	}
}

func emitPoll(v *View, w *metrics.Writer) {
	w.Begin(pollTime)
	w.Float(seconds(v.Finished))
	w.Begin(pollDuration)
	w.Float(v.Finished.Sub(v.Started).Seconds())
	w.Begin(polls)
	for _, t := range cluster.Triggers {
		w.Int(int64(v.History.Polls[t]), string(t))
	}
	w.Begin(requests)
	for _, r := range v.Requests {
		w.Int(int64(r.Sent), r.API)
	}
	w.Begin(requestErrors)
	for _, r := range v.Requests {
		w.Int(int64(r.Failed), r.API)
	}
	w.Begin(permission)
	for _, p := range slices.SortedFunc(maps.Keys(v.Permissions), comparePermissions) {
		w.Bool(v.Permissions[p], p.Resource, p.Operation)
	}
	w.Begin(limited)
	for _, what := range limits {
		w.Bool(v.Show.Limited[what], what)
	}
}

func comparePermissions(a, b cluster.Permission) int {
	return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Operation, b.Operation))
}

// duration is the time from the first of the collector's sources being begun to
// the last one being done.
func (c *Collector) duration(s *cluster.Snapshot) (time.Duration, bool) {
	var from, to time.Time
	for _, source := range c.Sources {
		o, ok := s.Outcomes[source]
		if !ok || o.Started.IsZero() {
			continue
		}
		if from.IsZero() || o.Started.Before(from) {
			from = o.Started
		}
		if o.Finished.After(to) {
			to = o.Finished
		}
	}
	return to.Sub(from), !from.IsZero()
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

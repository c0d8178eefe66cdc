//go:build cluster

package acceptance

import "slices"

// stateMetrics are those of a partition that tell of its state.
var stateMetrics = []string{"leader", "in_sync_replica", "leader_is_preferred", "under_replicated_partition"}

// expectations are the values that a truth implies for the series that tell of it,
// those of counts included.
func (v truth) expectations() map[string]float64 {
	want := v.counts()
	for name, p := range v.partitions {
		want[partSeries("leader", name)] = float64(p.Leader)
		want[partSeries("replicas", name)] = float64(len(p.replicas))
		want[partSeries("in_sync_replica", name)] = float64(len(p.ISR))
		want[partSeries("leader_is_preferred", name)] = one(p.Leader == p.replicas[0])
		want[partSeries("under_replicated_partition", name)] = one(len(p.ISR) < len(p.replicas))
	}
	for id := range v.brokers {
		want[brokerSeries("kafka_broker_registered", id)] = one(slices.Contains(v.registered, id))
		if v.controller != unsaid {
			want[brokerSeries("kafka_broker_is_controller", id)] = one(v.controller == id)
		}
	}
	if v.controller != unsaid {
		want["kafka_active_controllers"] = one(v.controller >= 0)
	}
	return want
}

// maxBrokers is how many brokers a cluster of these tests has at most.
const maxBrokers = 3

// countSeries are the series that count over all partitions.
var countSeries = func() map[string]bool {
	all := map[string]bool{}
	for series := range (truth{brokers: maxBrokers}).counts() {
		all[series] = true
	}
	for id := range maxBrokers { // absent for a broker that is preferred for nothing
		all[brokerSeries("kafka_broker_leader_imbalance_ratio", id)] = true
	}
	return all
}()

// counts are the values of the series that count over all partitions. While
// partitions change, evenkeel may have read some before and some after, so that
// any count from the least to the greatest that was true is right.
func (v truth) counts() map[string]float64 {
	want := map[string]float64{
		"kafka_offline_partitions":                                0,
		`kafka_under_replicated_partitions{reason="broker_down"}`: 0,
		`kafka_under_replicated_partitions{reason="lagging"}`:     0,
		`kafka_not_preferred_partitions{electable="true"}`:        0,
		`kafka_not_preferred_partitions{electable="false"}`:       0,
	}
	preferred := map[int]float64{}
	for id := range v.brokers {
		for _, metric := range []string{"kafka_broker_leaders", "kafka_broker_leader_imbalance_ratio", "kafka_broker_out_of_sync_replicas"} {
			want[brokerSeries(metric, id)] = 0
		}
	}
	for _, p := range v.partitions {
		v.count(p, want)
		preferred[p.replicas[0]]++
	}
	for id := range v.brokers {
		if ratio := brokerSeries("kafka_broker_leader_imbalance_ratio", id); preferred[id] == 0 {
			delete(want, ratio)
		} else {
			want[ratio] /= preferred[id]
		}
	}
	return want
}

// count adds a partition to the counts.
func (v truth) count(p partTruth, want map[string]float64) {
	if p.Leader >= 0 {
		want[brokerSeries("kafka_broker_leaders", p.Leader)]++
	}
	if !slices.Contains(v.registered, p.Leader) {
		want["kafka_offline_partitions"]++
	}
	if first := p.replicas[0]; p.Leader != first {
		want[brokerSeries("kafka_broker_leader_imbalance_ratio", first)]++
		if slices.Contains(v.registered, first) && slices.Contains(p.ISR, first) {
			want[`kafka_not_preferred_partitions{electable="true"}`]++
		} else {
			want[`kafka_not_preferred_partitions{electable="false"}`]++
		}
	}
	reason := ""
	for _, r := range p.replicas {
		if slices.Contains(p.ISR, r) {
			continue
		}
		want[brokerSeries("kafka_broker_out_of_sync_replicas", r)]++
		if slices.Contains(v.registered, r) {
			reason = "lagging"
		} else if reason == "" {
			reason = "broker_down"
		}
	}
	if reason != "" {
		want[`kafka_under_replicated_partitions{reason="`+reason+`"}`]++
	}
}

package collectors

import (
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

var (
	kafkaReachable   = gauge("kafka_cluster_reachable", "1 when any broker answered in this poll, 0 when all were tried and none did.")
	kafkaClusterInfo = gauge("kafka_cluster_info", "1, with the cluster's id, the oldest broker's release (MAJOR.MINOR) and the mode, as far as they are known.", "cluster_id", "version", "mode")
	kafkaBrokers     = gauge("kafka_brokers", "Brokers that are up: registered, and answering us.")
	kafkaBrokerInfo  = gauge("kafka_broker_info", "1 for each registered broker, with the address that it advertises.", "id", "address")
	kafkaExpected    = gauge("kafka_brokers_expected", "Brokers that stand in an assignment or are registered.")
	kafkaControllers = gauge("kafka_active_controllers", "1 when there is an active controller, 0 when there is none.")

	brokerUp         = gauge("kafka_broker_up", "0 as soon as the broker's probe fails or it is not registered, 1 when it answers and is registered; absent when it answers and the registry cannot be read.", "broker")
	brokerRegistered = gauge("kafka_broker_registered", "The cluster's own word: 1 when the broker is registered and not fenced, else 0.", "broker")
	brokerStatus     = gauge("kafka_broker_status", "1 for the state that the broker is in, 0 for the others.", "broker", "status")
	brokerSince      = gauge("kafka_broker_registered_timestamp_seconds", "When the broker registered, by the ensemble's clock; where there is none, when it was first seen so.", "broker")
	brokerResponse   = gauge("kafka_broker_response_seconds", "Time that the broker took to answer the probe.", "broker")
	brokerReplicas   = gauge("kafka_broker_replicas", "Replicas assigned to the broker.", "broker")
	brokerRack       = gauge("kafka_broker_rack", "1, with the rack as the broker last registered.", "broker", "rack")
	brokerController = gauge("kafka_broker_is_controller", "1 for the active controller, else 0; absent where brokers do not tell who it is.", "broker")
	brokerOffline    = gauge("kafka_broker_offline_replicas", "Replicas of the registered broker that are on failed log directories, where the cluster tells them.", "broker")
	brokerStop       = gauge("kafka_broker_stop_would_offline_partitions", "Partitions that would be left without a leader if this broker stopped now.", "broker")
	brokerStopBreaks = gauge("kafka_broker_stop_would_break_min_isr_partitions", "Partitions whose ISR would fall below min.insync.replicas if this broker stopped now, so that writes with acks=all would fail.", "broker")
)

var brokersCollector = &Collector{
	Name:    "brokers",
	Help:    "Every known broker: what the cluster says of it, and whether it answers us.",
	Sources: []cluster.Source{cluster.SourceRegistry, cluster.SourceProbes},
	Families: []*metrics.Family{
		kafkaReachable, kafkaClusterInfo, kafkaBrokers, kafkaBrokerInfo, kafkaExpected, kafkaControllers,
		brokerUp, brokerRegistered, brokerStatus, brokerSince, brokerResponse, brokerReplicas, brokerRack,
		brokerController, brokerOffline, brokerStop, brokerStopBreaks,
	},
	Emit:      emitBrokers,
	OfCluster: true,
}

func emitBrokers(v *View, w *metrics.Writer) {
	w.Begin(kafkaReachable)
	w.Bool(v.Reachable())
	emitCluster(v, w)
	emitUp(v, w)
	emitRegistration(v, w)
	emitController(v, w)
	emitLoads(v, w)
}

func emitCluster(v *View, w *metrics.Writer) {
	if !v.Registrations.OK() {
		return
	}
	w.Begin(kafkaClusterInfo)
	w.Int(1, v.ClusterID, v.Release, string(v.Mode))
	w.Begin(kafkaBrokerInfo)
	for i := range v.Brokers {
		if b := &v.Brokers[i]; isRegistered(b) && b.Address != "" {
			w.Int(1, brokerLabel(b.ID), b.Address)
		}
	}
	if v.Summary == nil || !v.Summary.AssignmentKnown {
		return
	}
	expected := 0
	for i := range v.Brokers {
		if b := &v.Brokers[i]; isRegistered(b) || v.Summary.Load(b.ID).Replicas > 0 {
			expected++
		}
	}
	w.Begin(kafkaExpected)
	w.Int(int64(expected))
}

// isRegistered says whether a broker is known to be registered and not fenced.
func isRegistered(b *cluster.Broker) bool {
	registered, known := b.Registered()
	return registered && known
}

func emitUp(v *View, w *metrics.Writer) {
	count, countKnown := 0, len(v.Brokers) > 0 || v.Registrations.OK()
	w.Begin(brokerUp)
	for i := range v.Brokers {
		up, known := v.Brokers[i].Up()
		if !known {
			countKnown = false
			continue
		}
		w.Bool(up, brokerLabel(v.Brokers[i].ID))
		if up {
			count++
		}
	}
	if countKnown {
		w.Begin(kafkaBrokers)
		w.Int(int64(count))
	}
	w.Begin(brokerStatus)
	for i := range v.Brokers {
		status, id := v.Brokers[i].Status(), brokerLabel(v.Brokers[i].ID)
		for _, st := range cluster.BrokerStatuses {
			w.Bool(status == st, id, string(st))
		}
	}
	w.Begin(brokerResponse)
	for i := range v.Brokers {
		if b := &v.Brokers[i]; b.Probe.Answered() {
			w.Float(b.Probe.Took.Seconds(), brokerLabel(b.ID))
		}
	}
	w.Begin(brokerRack)
	for i := range v.Brokers {
		if b := &v.Brokers[i]; b.Rack != "" {
			w.Int(1, brokerLabel(b.ID), b.Rack)
		}
	}
}

func emitRegistration(v *View, w *metrics.Writer) {
	w.Begin(brokerRegistered)
	for i := range v.Brokers {
		if registered, known := v.Brokers[i].Registered(); known {
			w.Bool(registered, brokerLabel(v.Brokers[i].ID))
		}
	}
	w.Begin(brokerSince)
	for i := range v.Brokers {
		if since, ok := v.registeredSince(&v.Brokers[i]); ok {
			w.Float(seconds(since), brokerLabel(v.Brokers[i].ID))
		}
	}
}

// registeredSince returns when a broker registered, or since when it was seen so.
func (v *View) registeredSince(b *cluster.Broker) (time.Time, bool) {
	if !isRegistered(b) {
		return time.Time{}, false
	}
	if !b.Registration.Registered.IsZero() {
		return b.Registration.Registered, true
	}
	since, seen := v.History.RegisteredSince[b.ID]
	return since, seen
}

func emitController(v *View, w *metrics.Writer) {
	controller, read := v.Controller.Get()
	if !read {
		return
	}
	w.Begin(kafkaControllers)
	w.Bool(controller.Exists)
	if controller.Exists && !controller.Named {
		return
	}
	w.Begin(brokerController)
	for i := range v.Brokers {
		w.Bool(controller.Exists && controller.ID == v.Brokers[i].ID, brokerLabel(v.Brokers[i].ID))
	}
}

func emitLoads(v *View, w *metrics.Writer) {
	if v.Summary == nil || !v.Summary.AssignmentKnown {
		return
	}
	emitLoad(v, w, brokerReplicas, isKnown, func(l cluster.Load) int { return l.Replicas })
	if !v.Summary.RegistryKnown {
		return
	}
	if v.Summary.LogDirsKnown {
		staying := func(b *cluster.Broker) bool { return isRegistered(b) && !v.Summary.Load(b.ID).Leaving }
		emitLoad(v, w, brokerOffline, staying, func(l cluster.Load) int { return l.OfflineReplicas })
	}
	if v.Summary.StatesKnown {
		emitLoad(v, w, brokerStop, isRegistered, func(l cluster.Load) int { return l.StopOfflines })
	}
	if v.Summary.StatesKnown && v.Summary.MinISRKnown {
		emitLoad(v, w, brokerStopBreaks, isRegistered, func(l cluster.Load) int { return l.StopBreaks })
	}
}

func isKnown(*cluster.Broker) bool { return true }

// emitLoad tells a number of each broker's load, for some of the brokers. The snapshot
// has a summary.
func emitLoad(v *View, w *metrics.Writer, family *metrics.Family, of func(*cluster.Broker) bool, value func(cluster.Load) int) {
	w.Begin(family)
	for i := range v.Brokers {
		if b := &v.Brokers[i]; of(b) {
			w.Int(int64(value(v.Summary.Load(b.ID))), brokerLabel(b.ID))
		}
	}
}

package collectors

import (
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

var (
	kafkaReachable   = gauge("kafka_cluster_reachable", "1 when any broker answered in this poll, 0 when all were tried and none did.")
	kafkaClusterInfo = gauge("kafka_cluster_info", "1, with the cluster's id, the oldest broker's release (MAJOR.MINOR) and the mode, as far as they are known.", "cluster_id", "version", "mode")
	kafkaBrokers     = gauge("kafka_brokers", "Brokers that are up: registered, and answering us.")
	kafkaBrokerInfo  = gauge("kafka_broker_info", "1 for each registered broker, with the address that it advertises.", "id", "address")
	kafkaExpected    = gauge("kafka_brokers_expected", "Brokers that stand in an assignment or are registered.")
	kafkaControllers = gauge("kafka_active_controllers", "1 when a broker is the active controller, 0 when none is.")

	brokerUp         = gauge("kafka_broker_up", "0 as soon as the broker's probe fails or it is not registered, 1 when it answers and is registered; absent when it answers and the registry cannot be read.", "broker")
	brokerRegistered = gauge("kafka_broker_registered", "The cluster's own word: 1 when the broker is registered, else 0.", "broker")
	brokerStatus     = gauge("kafka_broker_status", "1 for the state that the broker is in, 0 for the others.", "broker", "status")
	brokerSince      = gauge("kafka_broker_registered_timestamp_seconds", "When the broker registered, by the ensemble's clock.", "broker")
	brokerResponse   = gauge("kafka_broker_response_seconds", "Time that the broker took to answer the probe.", "broker")
	brokerReplicas   = gauge("kafka_broker_replicas", "Replicas assigned to the broker.", "broker")
	brokerRack       = gauge("kafka_broker_rack", "1, with the rack as the broker last registered.", "broker", "rack")
	brokerController = gauge("kafka_broker_is_controller", "1 for the active controller, else 0.", "broker")
	brokerStop       = gauge("kafka_broker_stop_would_offline_partitions", "Partitions that would be left without a leader if this broker stopped now.", "broker")
)

var brokersCollector = &Collector{
	Name:    "brokers",
	Help:    "Every known broker: what the cluster says of it, and whether it answers us.",
	Sources: []cluster.Source{cluster.SourceRegistry, cluster.SourceProbes},
	Families: []*metrics.Family{
		kafkaReachable, kafkaClusterInfo, kafkaBrokers, kafkaBrokerInfo, kafkaExpected, kafkaControllers,
		brokerUp, brokerRegistered, brokerStatus, brokerSince, brokerResponse, brokerReplicas, brokerRack,
		brokerController, brokerStop,
	},
	Emit: emitBrokers,
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
	registered, read := v.Registrations.Get()
	if !read {
		return
	}
	w.Begin(kafkaClusterInfo)
	w.Int(1, v.ClusterID, v.Release, "zookeeper")
	w.Begin(kafkaBrokerInfo)
	for i := range v.Brokers {
		if b := &v.Brokers[i]; b.Registration != nil && b.Address != "" {
			w.Int(1, brokerLabel(b.ID), b.Address)
		}
	}
	if v.Summary == nil || !v.Summary.AssignmentKnown {
		return
	}
	expected := len(registered)
	for id, load := range v.Summary.Loads {
		if registered[id] == nil && load.Replicas > 0 {
			expected++
		}
	}
	w.Begin(kafkaExpected)
	w.Int(int64(expected))
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
		if r := v.Brokers[i].Registration; r != nil && !r.Registered.IsZero() {
			w.Float(seconds(r.Registered), brokerLabel(v.Brokers[i].ID))
		}
	}
}

func emitController(v *View, w *metrics.Writer) {
	controller, read := v.Controller.Get()
	if !read {
		return
	}
	w.Begin(kafkaControllers)
	w.Bool(controller.Exists)
	w.Begin(brokerController)
	for i := range v.Brokers {
		w.Bool(controller.Exists && controller.ID == v.Brokers[i].ID, brokerLabel(v.Brokers[i].ID))
	}
}

func emitLoads(v *View, w *metrics.Writer) {
	if v.Summary == nil || !v.Summary.AssignmentKnown {
		return
	}
	w.Begin(brokerReplicas)
	for i := range v.Brokers {
		w.Int(int64(v.Summary.Load(v.Brokers[i].ID).Replicas), brokerLabel(v.Brokers[i].ID))
	}
	if !v.Summary.StatesKnown || !v.Summary.RegistryKnown {
		return
	}
	w.Begin(brokerStop)
	for i := range v.Brokers {
		if b := &v.Brokers[i]; b.Registration != nil {
			w.Int(int64(v.Summary.Load(b.ID).StopOfflines), brokerLabel(b.ID))
		}
	}
}

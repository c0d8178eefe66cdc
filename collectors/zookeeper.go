package collectors

import (
	"maps"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

var (
	zkUp          = gauge("zk_up", "1 for any valid reply of the server, \"not serving\" included.", "zk_server")
	zkMode        = gauge("zk_server_mode", "1 for the mode that the server is in, 0 for the others.", "zk_server", "mode")
	zkStatus      = gauge("zk_server_status", "1 for how the question to the server went, 0 for the rest.", "zk_server", "status")
	zkInfo        = gauge("zk_server_info", "1, with the version that the server tells.", "zk_server", "version")
	zkModeChanges = counter("zk_mode_changes_total", "Changes between serving modes seen.", "zk_server")

	zkServers       = gauge("zk_ensemble_servers", "Servers in the configuration.")
	zkVoters        = gauge("zk_ensemble_voters", "Voting members, where the ensemble's configuration or a server tells them.")
	zkServingVoters = gauge("zk_ensemble_serving_voters", "Servers that answered as leader, follower or standalone.")
	zkLeaders       = gauge("zk_ensemble_leaders", "Servers in mode leader or standalone; absent when a server could not be asked and none said leader.")
	zkQuorum        = gauge("zk_ensemble_has_quorum", "1 when a server serves as part of a quorum or alone, 0 when those that answered do not; absent when none answered.")
)

// zkStats are the values of srvr and mntr, under the names that mntr uses in
// ZooKeeper 3.4; later releases add to them.
var zkStats = []*metrics.Family{
	untyped("zk_avg_latency", "Average time to answer a request since the statistics were reset, in milliseconds.", "zk_server"),
	untyped("zk_max_latency", "Longest time to answer a request since the statistics were reset, in milliseconds.", "zk_server"),
	untyped("zk_min_latency", "Shortest time to answer a request since the statistics were reset, in milliseconds.", "zk_server"),
	untyped("zk_outstanding_requests", "Requests that are queued.", "zk_server"),
	untyped("zk_num_alive_connections", "Client connections.", "zk_server"),
	untyped("zk_znode_count", "Znodes in the tree.", "zk_server"),
	untyped("zk_packets_received", "Packets received since the statistics were reset.", "zk_server"),
	untyped("zk_packets_sent", "Packets sent since the statistics were reset.", "zk_server"),
	untyped("zk_watch_count", "Watches that clients have set.", "zk_server"),
	untyped("zk_ephemerals_count", "Ephemeral znodes.", "zk_server"),
	untyped("zk_approximate_data_size", "Size of all data in the tree, in bytes.", "zk_server"),
	untyped("zk_open_file_descriptor_count", "Open file descriptors.", "zk_server"),
	untyped("zk_max_file_descriptor_count", "Limit of open file descriptors.", "zk_server"),
	untyped("zk_followers", "Followers connected to this leader (up to ZooKeeper 3.5).", "zk_server"),
	untyped("zk_learners", "Learners connected to this leader (from ZooKeeper 3.6).", "zk_server"),
	untyped("zk_synced_followers", "Followers in sync with this leader.", "zk_server"),
	untyped("zk_synced_observers", "Observers in sync with this leader.", "zk_server"),
	untyped("zk_synced_non_voting_followers", "Non-voting followers in sync with this leader.", "zk_server"),
	untyped("zk_pending_syncs", "Sync operations that wait on this leader.", "zk_server"),
	untyped("zk_quorum_size", "Voting members of the ensemble (from ZooKeeper 3.6).", "zk_server"),
	untyped("zk_uptime", "Time since the server started serving, in milliseconds.", "zk_server"),
	untyped("zk_leader_uptime", "Time since this server became the leader, in milliseconds.", "zk_server"),
	untyped("zk_global_sessions", "Global sessions.", "zk_server"),
	untyped("zk_local_sessions", "Local sessions.", "zk_server"),
	untyped("zk_last_proposal_size", "Size of this leader's last proposal, in bytes.", "zk_server"),
	untyped("zk_max_proposal_size", "Size of this leader's largest proposal, in bytes.", "zk_server"),
	untyped("zk_min_proposal_size", "Size of this leader's smallest proposal, in bytes.", "zk_server"),
	untyped("zk_fsync_threshold_exceed_count", "Writes of the transaction log that took longer than the threshold (late releases of ZooKeeper 3.4).", "zk_server"),
	untyped("zk_connection_rejected", "Connections refused because of the limits.", "zk_server"),
	untyped("zk_stale_requests", "Requests of connections that were closed meanwhile.", "zk_server"),
	untyped("zk_throttled_ops", "Requests that were throttled.", "zk_server"),
	untyped("zk_auth_failed_count", "Authentications that failed (from ZooKeeper 3.6).", "zk_server"),
	untyped("zk_digest_mismatches_count", "Transactions after which this server's data was not what the leader's was (from ZooKeeper 3.6).", "zk_server"),
	untyped("zk_looking_count", "Times that the server went looking for a leader (from ZooKeeper 3.6).", "zk_server"),
	untyped("zk_unrecoverable_error_count", "Errors after which the server can not go on (from ZooKeeper 3.6).", "zk_server"),
}

// zkFamilies are all that is declared.
var zkFamilies = append([]*metrics.Family{
	zkUp, zkMode, zkStatus, zkInfo, zkModeChanges,
	zkServers, zkVoters, zkServingVoters, zkLeaders, zkQuorum,
}, zkStats...)

var zookeeperCollector = &Collector{
	Name:      "zookeeper",
	Help:      "Mode and condition of every ZooKeeper server, and of the ensemble.",
	Sources:   []cluster.Source{cluster.SourceEnsemble},
	Families:  zkFamilies,
	Emit:      emitZooKeeper,
	Applies:   func(s *cluster.Snapshot) bool { return s.Ensemble != nil },
	OfCluster: true,
}

func emitZooKeeper(v *View, w *metrics.Writer) {
	e := v.Ensemble
	if e == nil {
		return
	}
	emitServers(v, w)
	emitEnsemble(e, w)
	for _, f := range zkStats {
		w.Begin(f)
		for i := range e.Servers {
			if value, ok := e.Servers[i].Stats[f.Name]; ok {
				w.Float(value, e.Servers[i].Name)
			}
		}
	}
	for _, f := range MoreFamilies(e) {
		w.Begin(f)
		for i := range e.Servers {
			if value, ok := e.Servers[i].More[f.Name]; ok {
				w.Float(value, e.Servers[i].Name)
			}
		}
	}
}

// MoreFamilies returns the families of what servers told beyond the declared ones,
// by name: none unless all that they tell is wanted (zookeeper.all_metrics). No
// server can make a name twice that is declared here, as it is written in either
// format. The ensemble may be nil.
func MoreFamilies(e *cluster.Ensemble) []*metrics.Family {
	if e == nil {
		return nil
	}
	names := map[string]bool{}
	for i := range e.Servers {
		for name := range e.Servers[i].More {
			names[name] = true
		}
	}
	for _, f := range zkFamilies {
		delete(names, f.Name)
		delete(names, strings.TrimSuffix(f.Name, "_total")) // a counter's name in OpenMetrics
	}
	families := make([]*metrics.Family, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		families = append(families, untyped(name, "As the server tells it in mntr, or by its AdminServer.", "zk_server"))
	}
	return families
}

func emitServers(v *View, w *metrics.Writer) {
	servers := v.Ensemble.Servers
	w.Begin(zkUp)
	for i := range servers {
		w.Bool(servers[i].Up(), servers[i].Name)
	}
	w.Begin(zkMode)
	for i := range servers {
		for _, m := range cluster.ServerModes {
			w.Bool(servers[i].Mode == m, servers[i].Name, string(m))
		}
	}
	w.Begin(zkStatus)
	for i := range servers {
		for _, st := range cluster.ServerStatuses {
			w.Bool(servers[i].Status == st, servers[i].Name, string(st))
		}
	}
	w.Begin(zkInfo)
	for i := range servers {
		if servers[i].Version != "" {
			w.Int(1, servers[i].Name, servers[i].Version)
		}
	}
	w.Begin(zkModeChanges)
	for i := range servers {
		w.Int(int64(v.History.ModeChanges[servers[i].Name]), servers[i].Name)
	}
}

func emitEnsemble(e *cluster.Ensemble, w *metrics.Writer) {
	w.Begin(zkServers)
	w.Int(int64(len(e.Servers)))
	if n, known := e.Voters(); known {
		w.Begin(zkVoters)
		w.Int(int64(n))
	}
	w.Begin(zkServingVoters)
	w.Int(int64(e.ServingVoters()))
	if n, known := e.Leaders(); known {
		w.Begin(zkLeaders)
		w.Int(int64(n))
	}
	if has, known := e.HasQuorum(); known {
		w.Begin(zkQuorum)
		w.Bool(has)
	}
}

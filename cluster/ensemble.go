package cluster

import "time"

// ServerMode is what a ZooKeeper server says it is.
type ServerMode string

// The modes of a ZooKeeper server. The last three are not modes of the server's
// own: it serves nobody, could not be asked, or told no mode.
const (
	ModeLeader      ServerMode = "leader"
	ModeFollower    ServerMode = "follower"
	ModeObserver    ServerMode = "observer"
	ModeStandalone  ServerMode = "standalone"
	ModeReadOnly    ServerMode = "read_only"
	ModeNotServing  ServerMode = "not_serving"
	ModeUnreachable ServerMode = "unreachable"
	ModeUnknown     ServerMode = "unknown"
)

// ServerModes lists every mode, in the order in which they are shown.
var ServerModes = []ServerMode{
	ModeLeader, ModeFollower, ModeObserver, ModeStandalone, ModeReadOnly,
	ModeNotServing, ModeUnreachable, ModeUnknown,
}

// Serving says whether a server in this mode serves clients as part of a quorum,
// or alone.
func (m ServerMode) Serving() bool {
	switch m {
	case ModeLeader, ModeFollower, ModeObserver, ModeStandalone:
		return true
	default:
		return false
	}
}

// ServerStatus says how the question to a ZooKeeper server went.
type ServerStatus string

// The states of a ZooKeeper server as we see it.
const (
	ServerOK           ServerStatus = "ok"
	ServerRefused      ServerStatus = "refused"
	ServerTimeout      ServerStatus = "timeout"
	ServerUnresolvable ServerStatus = "unresolvable"
	ServerTLSError     ServerStatus = "tls_error"
	ServerNotAllowed   ServerStatus = "not_allowed" // srvr is not in the server's whitelist
	ServerNotServing   ServerStatus = "not_serving" // it runs, but belongs to no quorum
	ServerBadReply     ServerStatus = "bad_reply"
)

// ServerStatuses lists every state, in the order in which they are shown.
var ServerStatuses = []ServerStatus{
	ServerOK, ServerRefused, ServerTimeout, ServerUnresolvable, ServerTLSError,
	ServerNotAllowed, ServerNotServing, ServerBadReply,
}

// ServerStats lists the statistics of a server that are worth telling on every
// release, by the names of mntr. No server tells all of them.
var ServerStats = []string{
	"zk_avg_latency", "zk_max_latency", "zk_min_latency", "zk_outstanding_requests", "zk_num_alive_connections",
	"zk_znode_count", "zk_packets_received", "zk_packets_sent", "zk_watch_count", "zk_ephemerals_count",
	"zk_approximate_data_size", "zk_open_file_descriptor_count", "zk_max_file_descriptor_count", "zk_followers",
	"zk_learners", "zk_synced_followers", "zk_synced_observers", "zk_synced_non_voting_followers",
	"zk_pending_syncs", "zk_quorum_size", "zk_uptime", "zk_leader_uptime", "zk_global_sessions",
	"zk_local_sessions", "zk_last_proposal_size", "zk_max_proposal_size", "zk_min_proposal_size",
	"zk_fsync_threshold_exceed_count", "zk_connection_rejected", "zk_stale_requests", "zk_throttled_ops",
	"zk_auth_failed_count", "zk_digest_mismatches_count", "zk_looking_count", "zk_unrecoverable_error_count",
}

// Server is a ZooKeeper server of the configuration as one poll saw it.
type Server struct {
	Name    string // host:port as configured; the zk_server label
	Address string // IP:port that answered; "" when nothing did
	Mode    ServerMode
	Status  ServerStatus
	Version string             // "" when not told
	Stats   map[string]float64 // those of ServerStats that it told
	More    map[string]float64 // what else it told in mntr or by its AdminServer, spelled like those; nil where not wanted
	Err     error              // why Status is not ServerOK; nil otherwise

	Answered time.Time // when it had told its mode, or failed to
}

// Up says whether the server gave any valid reply; that it serves nobody is one.
func (s *Server) Up() bool {
	return s.Status == ServerOK || s.Status == ServerNotServing || s.Status == ServerNotAllowed
}

// Ensemble is the configured set of ZooKeeper servers, in configuration order.
type Ensemble struct {
	Servers []Server
	Members []Member // as /zookeeper/config tells them, from ZooKeeper 3.5; nil when unknown
}

// ServingVoters counts the servers that answered as leader, follower or
// standalone, two addresses of one server once.
func (e *Ensemble) ServingVoters() int {
	return e.count(func(m ServerMode) bool {
		return m == ModeLeader || m == ModeFollower || m == ModeStandalone
	})
}

// Leaders counts the servers in mode leader or standalone, two addresses of one
// server once. It is unknown when a server could not be asked and none of the
// others said leader: the silent one may be it.
func (e *Ensemble) Leaders() (n int, known bool) {
	n = e.count(func(m ServerMode) bool { return m == ModeLeader || m == ModeStandalone })
	if n > 0 {
		return n, true
	}
	for i := range e.Servers {
		if m := e.Servers[i].Mode; m == ModeUnreachable || m == ModeUnknown {
			return 0, false
		}
	}
	return 0, true
}

// HasQuorum returns whether the ensemble serves writes: true when any server says
// leader, follower, observer or standalone, false when none does and at least one
// says that it is not serving or read-only, unknown when none answered.
func (e *Ensemble) HasQuorum() (quorum, known bool) {
	for i := range e.Servers {
		switch m := e.Servers[i].Mode; {
		case m.Serving():
			return true, true
		case m == ModeNotServing || m == ModeReadOnly:
			known = true
		}
	}
	return false, known
}

// Voters returns the number of voting members, where the ensemble's configuration
// or a server tells it (mntr's zk_quorum_size, from ZooKeeper 3.6). A configured
// server that is silent is never assumed to be a voter.
func (e *Ensemble) Voters() (n int, known bool) {
	for _, m := range e.Members {
		if m.Voting {
			n++
		}
	}
	if n > 0 {
		return n, true
	}
	for i := range e.Servers {
		if v, ok := e.Servers[i].Stats["zk_quorum_size"]; ok && v > 0 {
			return int(v), true
		}
	}
	return 0, false
}

func (e *Ensemble) count(want func(ServerMode) bool) int {
	seen := make(map[string]bool, len(e.Servers))
	for i := range e.Servers {
		if want(e.Servers[i].Mode) {
			seen[e.Servers[i].Address] = true
		}
	}
	return len(seen)
}

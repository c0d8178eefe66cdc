package exporter

import (
	"encoding/json"
	"net/http"
	"time"
)

// The API tells a snapshot as JSON. What is unknown is left out or null, never 0
// or "".

type apiCluster struct {
	Name       string               `json:"name"`
	PolledAt   *time.Time           `json:"polled_at,omitempty"`
	Stale      bool                 `json:"stale"` // too old to be true, or not there yet
	Verdict    string               `json:"verdict,omitempty"`
	Reachable  *bool                `json:"reachable,omitempty"`
	ID         string               `json:"cluster_id,omitempty"`
	Release    string               `json:"release,omitempty"`
	Mode       string               `json:"mode,omitempty"`
	Controller *int32               `json:"controller,omitempty"`
	Shard      string               `json:"shard,omitempty"` // i/n where groups are its share of them
	Troubles   []apiTrouble         `json:"troubles"`
	Sources    map[string]apiSource `json:"sources,omitempty"`
	Ensemble   *apiEnsemble         `json:"zookeeper,omitempty"`
	Quorum     *apiQuorum           `json:"quorum,omitempty"`
	Brokers    []apiBroker          `json:"brokers,omitempty"`
	Summary    *apiSummary          `json:"partitions,omitempty"`
	Topics     map[string][]apiPart `json:"topics,omitempty"`
	Groups     map[string]apiGroup  `json:"groups,omitempty"`
	// Groups of old consumers, as they stand in ZooKeeper.
	OldGroups map[string]apiOldGroup `json:"old_groups,omitempty"`
}

type apiTrouble struct {
	Severity string    `json:"severity"`
	Text     string    `json:"text"`
	Detail   string    `json:"detail,omitempty"`
	Since    time.Time `json:"since"`
	Seen     bool      `json:"seen"`  // false: it was there, and cannot be looked at now
	Alert    string    `json:"alert"` // the built-in alert that tells of the same, whose runbook says what to do
}

type apiSource struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

type apiEnsemble struct {
	HasQuorum *bool       `json:"has_quorum,omitempty"`
	Leaders   *int        `json:"leaders,omitempty"`
	Voters    *int        `json:"voters,omitempty"`
	Servers   []apiServer `json:"servers"`
	// Members of the ensemble that are not in the configuration, as they name
	// themselves.
	Unconfigured []string `json:"unconfigured,omitempty"`
}

type apiServer struct {
	Name    string `json:"name"`
	Mode    string `json:"mode"`
	Status  string `json:"status"`
	Version string `json:"version,omitempty"`
	Error   string `json:"error,omitempty"`
}

type apiQuorum struct {
	Leader    int32           `json:"leader"`
	Epoch     int32           `json:"epoch"`
	Voters    []apiQuorumNode `json:"voters"`
	Observers []apiQuorumNode `json:"observers,omitempty"`
}

type apiQuorumNode struct {
	ID  int32  `json:"id"`
	Lag *int64 `json:"lag,omitempty"` // records of the metadata log behind the leader
}

type apiBroker struct {
	ID               int32      `json:"id"`
	Address          string     `json:"address,omitempty"`
	Rack             string     `json:"rack,omitempty"`
	Status           string     `json:"status"`
	Up               *bool      `json:"up,omitempty"`
	Registered       *bool      `json:"registered,omitempty"`
	RegisteredAt     *time.Time `json:"registered_at,omitempty"`
	ResponseSeconds  *float64   `json:"response_seconds,omitempty"`
	Error            string     `json:"error,omitempty"`
	Leaders          *int       `json:"leaders,omitempty"`
	PreferredLeaders *int       `json:"preferred_leaders,omitempty"`
	OutOfSync        *int       `json:"out_of_sync_replicas,omitempty"`
	ImbalanceRatio   *float64   `json:"leader_imbalance_ratio,omitempty"`
	StopOfflines     *int       `json:"stop_would_offline_partitions,omitempty"`
}

type apiSummary struct {
	Total             int            `json:"total"`
	Reassigning       *int           `json:"reassigning,omitempty"`
	Offline           *int           `json:"offline,omitempty"`
	LeaderUnreachable *int           `json:"leader_unreachable,omitempty"`
	UnderReplicated   map[string]int `json:"under_replicated,omitempty"`
	UnderMinISR       *int           `json:"under_min_isr,omitempty"`
	AtMinISR          *int           `json:"at_min_isr,omitempty"`
	NotPreferred      map[string]int `json:"not_preferred,omitempty"`
}

type apiPart struct {
	Partition int32    `json:"partition"`
	Replicas  []int32  `json:"replicas"`
	Leader    *int32   `json:"leader,omitempty"`
	ISR       *[]int32 `json:"isr,omitempty"`
	Start     *int64   `json:"start,omitempty"`
	End       *int64   `json:"end,omitempty"`
}

// serveClusters lists the clusters with their troubles.
func (e *Exporter) serveClusters(w http.ResponseWriter, _ *http.Request) {
	list := []apiCluster{}
	for _, watcher := range e.all() {
		list = append(list, describe(watcher, time.Now(), false))
	}
	writeJSON(w, map[string]any{"clusters": list})
}

// serveCluster tells everything of one cluster.
func (e *Exporter) serveCluster(w http.ResponseWriter, r *http.Request) {
	if watcher := e.named(w, r); watcher != nil {
		e.serveDetails(w, watcher, time.Now())
	}
}

// named returns the watcher of the cluster that a request names. For one that there is not
// it answers, and returns nil.
func (e *Exporter) named(w http.ResponseWriter, r *http.Request) *watcher {
	name := r.PathValue("name")
	for _, watcher := range e.all() {
		if watcher.cfg.Name == name {
			return watcher
		}
	}
	http.Error(w, e.unknownCluster(name), http.StatusNotFound)
	return nil
}

func writeJSON(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v)
	writeMarshalled(w, data, err)
}

// writeMarshalled writes what json.Marshal returned.
func writeMarshalled(w http.ResponseWriter, data []byte, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(data) // a reader that went away is its own affair
	w.Write([]byte("\n"))
}

package exporter

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/rebalance"
)

// apiElections is the journal of all clusters, with what their rebalancers do now.
type apiElections struct {
	Clusters  []apiRebalance   `json:"clusters"`
	Runs      []rebalance.Run  `json:"runs"`      // newest first
	Decisions []rebalance.Note `json:"decisions"` // those that changed, newest first
}

// apiRebalance is what a rebalancer does now. What it does not know is left out.
type apiRebalance struct {
	Cluster    string                 `json:"cluster"`
	Mode       string                 `json:"mode"`
	Leader     *bool                  `json:"is_leader,omitempty"` // in mode auto
	Holder     string                 `json:"leader,omitempty"`    // in mode auto: who decides
	Running    bool                   `json:"run_in_progress"`
	DecidedAt  *time.Time             `json:"decided_at,omitempty"`
	Candidates *int                   `json:"candidates,omitempty"`
	Blocked    []rebalance.Block      `json:"blocked,omitempty"`
	Skipped    map[rebalance.Skip]int `json:"skipped,omitempty"`
	Paused     *time.Time             `json:"paused_since,omitempty"`
	PingPong   map[int32]time.Time    `json:"ping_pong_since,omitempty"` // by broker
	Excluded   map[int32]time.Time    `json:"excluded_until,omitempty"`  // by broker
	// KafkaElects: the brokers themselves have auto.leader.rebalance.enable=true.
	KafkaElects *bool `json:"auto_leader_rebalance_enable,omitempty"`
}

// serveElections tells the journal, of one cluster where one is named.
func (e *Exporter) serveElections(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("cluster")
	out := apiElections{Clusters: []apiRebalance{}, Runs: []rebalance.Run{}, Decisions: []rebalance.Note{}}
	for _, watcher := range e.all() {
		if name != "" && watcher.cfg.Name != name || watcher.rebalancer == nil {
			continue
		}
		out.Clusters = append(out.Clusters, describeRebalance(watcher, watcher.rebalancer.Status(), time.Now()))
		out.Runs = append(out.Runs, watcher.rebalancer.journal.Runs()...)
		out.Decisions = append(out.Decisions, watcher.rebalancer.journal.Notes()...)
	}
	if name != "" && len(out.Clusters) == 0 {
		http.Error(w, e.unknownCluster(name), http.StatusNotFound)
		return
	}
	slices.SortStableFunc(out.Runs, func(a, b rebalance.Run) int { return b.Started.Compare(a.Started) })
	slices.SortStableFunc(out.Decisions, func(a, b rebalance.Note) int { return b.At.Compare(a.At) })
	writeJSON(w, out)
}

func describeRebalance(w *watcher, s rebalance.Status, now time.Time) apiRebalance {
	a := apiRebalance{Cluster: w.cfg.Name, Mode: string(s.Mode), Running: s.Running, PingPong: s.PingPong, Excluded: current(s.Excluded, now)}
	if s.Paused != nil {
		a.Paused = &s.Paused.Since
	}
	if s.Mode == "auto" {
		a.Leader, a.Holder = &s.Leader, s.Holder
	}
	p, fresh := w.fresh(now)
	if fresh {
		a.KafkaElects = p.snapshot.LeaderRebalance
	}
	if d := s.Decision; fresh && !d.At.IsZero() {
		a.DecidedAt, a.Blocked, a.Skipped = &d.At, d.Blocked, d.Skipped
		if !slices.ContainsFunc(d.Blocked, func(b rebalance.Block) bool { return b.Guard == rebalance.Blind }) {
			a.Candidates = ptr(len(d.Candidates))
		}
	}
	return a
}

// current leaves out what is over.
func current(excluded map[int32]time.Time, now time.Time) map[int32]time.Time {
	still := map[int32]time.Time{}
	for id, until := range excluded {
		if now.Before(until) {
			still[id] = until
		}
	}
	return still
}

func (e *Exporter) unknownCluster(name string) string {
	return fmt.Sprintf("no cluster %q in the configuration", name)
}

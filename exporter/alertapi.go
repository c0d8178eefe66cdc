package exporter

import (
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/evenkeel/evenkeel/alerts"
	"github.com/evenkeel/evenkeel/alerts/evaluate"
)

// apiAlerts has the shape that a Prometheus server gives its alerts, so that what reads
// those reads these.
type apiAlerts struct {
	Status string `json:"status"`
	Data   struct {
		Alerts []apiAlert `json:"alerts"`
	} `json:"data"`
}

type apiAlert struct {
	Labels      labels.Labels  `json:"labels"`
	Annotations labels.Labels  `json:"annotations"`
	State       evaluate.State `json:"state"`
	ActiveAt    time.Time      `json:"activeAt"`
	Value       string         `json:"value"`
	// What a Prometheus server does not tell.
	FiredAt         *time.Time `json:"firedAt,omitempty"`
	KeepFiringSince *time.Time `json:"keepFiringSince,omitempty"`
	// Frozen: what the alert stands on could not be read in the last poll.
	Frozen bool   `json:"frozen,omitempty"`
	Error  string `json:"error,omitempty"` // why the rule could not be evaluated
}

// serveAlerts tells the pending and the firing alerts, of one cluster where one is named.
func (e *Exporter) serveAlerts(w http.ResponseWriter, r *http.Request) {
	all := e.alerting.all()
	if len(all) == 0 {
		http.Error(w, "alerts are not evaluated here: set alerts.evaluate: true in the configuration file, or ask the Prometheus server that does", http.StatusNotFound)
		return
	}
	name := r.URL.Query().Get("cluster")
	if _, ok := all[name]; !ok {
		http.Error(w, e.unknownCluster(name), http.StatusNotFound)
		return
	}
	out := apiAlerts{Status: "success"}
	out.Data.Alerts = []apiAlert{}
	for cluster, evaluator := range all {
		if name != "" && cluster != name {
			continue
		}
		for _, a := range evaluator.Alerts() {
			if a.State != evaluate.Resolved {
				out.Data.Alerts = append(out.Data.Alerts, e.describeAlert(a))
			}
		}
	}
	slices.SortFunc(out.Data.Alerts, func(a, b apiAlert) int { return labels.Compare(a.Labels, b.Labels) })
	writeJSON(w, out)
}

func (e *Exporter) describeAlert(a evaluate.Told) apiAlert {
	out := apiAlert{
		Labels: a.Labels, Annotations: a.Annotations, State: a.State, ActiveAt: a.ActiveAt,
		Value: a.Value.String(), Frozen: a.Frozen,
	}
	if !a.FiredAt.IsZero() {
		out.FiredAt = &a.FiredAt
	}
	if !a.KeepFiringSince.IsZero() {
		out.KeepFiringSince = &a.KeepFiringSince
	}
	if a.Failed != nil {
		out.Error = a.Failed.Error()
	}
	return out
}

// serveRunbook shows what to do about an alert, as it is written: Markdown.
func serveRunbook(w http.ResponseWriter, r *http.Request) {
	page, ok := alerts.Runbook(r.PathValue("name"))
	if !ok {
		http.Error(w, "no runbook of this name; GET /api/v1/alerts, or docs/alerts.md, has the names", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(page) // a reader that went away is its own affair
}

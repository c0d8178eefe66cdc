// Package notify tells Alertmanagers of alerts, over the API that a Prometheus server uses
// (/api/v2/alerts).
//
// There is no queue. What an Alertmanager was told last is compared with what is so now, and
// the difference is sent until it has taken it. So one that was away for a while is told
// everything that still holds, once.
package notify

import (
	"maps"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// resendAfter is how often an alert that goes on is told again, as by a Prometheus server.
// What is not told again for a while is taken for resolved.
const resendAfter = time.Minute

// Alert is what an Alertmanager is told of. Pending alerts are none.
type Alert struct {
	Labels      labels.Labels
	Annotations labels.Labels
	StartsAt    time.Time
	ResolvedAt  time.Time // zero while it fires
	// Every is how often what the alert stands on is looked at.
	Every time.Duration
}

// posted is an alert as Alertmanager's API takes it.
type posted struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// post makes what is sent of an alert now. One that fires ends, as far as Alertmanager
// knows, after four times the time in which it is told again: that is what a Prometheus
// server sets.
func (a *Alert) post(now time.Time, external map[string]string, generator string) posted {
	p := posted{
		Labels: maps.Clone(external), Annotations: a.Annotations.Map(),
		StartsAt: a.StartsAt, EndsAt: a.ResolvedAt, GeneratorURL: generator,
	}
	if p.Labels == nil {
		p.Labels = map[string]string{}
	}
	maps.Copy(p.Labels, a.Labels.Map())
	if a.ResolvedAt.IsZero() {
		p.EndsAt = now.Add(4 * max(a.Every, resendAfter))
	}
	return p
}

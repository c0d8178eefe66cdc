package evaluate

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// State is how far an alert has come.
type State string

// The states of an alert. Resolved ones are kept for a while, so that receivers which
// could not be told are told still.
const (
	Pending  State = "pending"
	Firing   State = "firing"
	Resolved State = "resolved"
)

// resolvedRetention is how long a resolved alert is kept and told, as in a Prometheus
// server.
const resolvedRetention = 15 * time.Minute

// Alert is one alert of a rule.
type Alert struct {
	Labels      labels.Labels `json:"labels"` // with alertname
	Annotations labels.Labels `json:"annotations"`
	State       State         `json:"state"`
	Value       Value         `json:"value"` // of the expression, when it was last true
	// ActiveAt is since when the expression has been true. Times in which it could not be
	// told are left out, which moves it forward.
	ActiveAt        time.Time `json:"active_at"`
	FiredAt         time.Time `json:"fired_at,omitzero"`
	ResolvedAt      time.Time `json:"resolved_at,omitzero"`
	KeepFiringSince time.Time `json:"keep_firing_since,omitzero"`
}

// stamp is what a rule's alert is told apart by.
func (a *Alert) stamp() string { return a.Labels.String() }

// ruleState is a rule and its alerts.
type ruleState struct {
	*Rule
	alerts map[string]*Alert // by stamp
	// looked is when the rule was last evaluated, frozen times left out; zero: never.
	looked time.Time
	frozen bool  // when it was last to be evaluated
	failed error // of the last evaluation
}

// thaw moves what is counted from to now over the time in which nothing could be told.
func (r *ruleState) thaw(gap time.Duration) {
	for _, a := range r.alerts {
		if a.State == Pending {
			a.ActiveAt = a.ActiveAt.Add(gap)
		}
		if !a.KeepFiringSince.IsZero() {
			a.KeepFiringSince = a.KeepFiringSince.Add(gap)
		}
	}
}

// advance takes over what the expression yields now, as AlertingRule.Eval of a Prometheus
// server does. It says whether an alert began, fired or was resolved. It keeps now's
// alerts.
func (r *ruleState) advance(now map[string]*Alert, at time.Time) (changed bool) {
	for stamp, a := range now {
		if old := r.alerts[stamp]; old != nil && old.State != Resolved {
			old.Value, old.Annotations = a.Value, a.Annotations
			continue
		}
		a.State, a.ActiveAt = Pending, at
		r.alerts[stamp] = a
		changed = true
	}
	for stamp, a := range r.alerts {
		if now[stamp] == nil {
			if a.State == Pending || a.State == Resolved && at.Sub(a.ResolvedAt) > resolvedRetention {
				delete(r.alerts, stamp)
				changed = true
				continue
			}
			if a.State == Firing && !r.keepsFiring(a, at) {
				a.State, a.ResolvedAt = Resolved, at
				changed = true
			}
			continue
		}
		a.KeepFiringSince = time.Time{}
		if a.State == Pending && at.Sub(a.ActiveAt) >= r.For {
			a.State, a.FiredAt = Firing, at
			changed = true
		}
	}
	return changed
}

// keepsFiring says whether an alert whose expression is no longer true goes on firing.
func (r *ruleState) keepsFiring(a *Alert, at time.Time) bool {
	if r.KeepFiringFor == 0 {
		return false
	}
	if a.KeepFiringSince.IsZero() {
		a.KeepFiringSince = at
	}
	return at.Sub(a.KeepFiringSince) < r.KeepFiringFor
}

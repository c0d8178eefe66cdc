package exporter

import (
	"cmp"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/alerts/evaluate"
)

// shownAlerts is how many alerts the page shows.
const shownAlerts = 30

// pageAlerts are the alerts of a cluster, where they are evaluated here.
type pageAlerts struct {
	Evaluated bool
	Lines     []pageAlert // firing ones first
	More      int
	Failing   int // rules that could not be evaluated
}

type pageAlert struct {
	Name, Severity, Summary string
	State                   evaluate.State
	Since                   time.Time
	Frozen                  bool
}

// alwaysFiring tells that alerting works, and nothing else.
const alwaysFiring = "EvenkeelWatchdog"

// alertsForPage returns the alerts of a cluster and those of the process.
func (e *Exporter) alertsForPage(name string) (p pageAlerts) {
	all := e.alerting.all()
	for _, of := range []string{name, ofProcess} {
		evaluator := all[of]
		if evaluator == nil {
			continue
		}
		p.Evaluated = true
		for _, r := range evaluator.Rules() {
			if r.Failed != nil {
				p.Failing++
			}
		}
		for _, a := range evaluator.Alerts() {
			if a.State != evaluate.Resolved && a.Rule.Name != alwaysFiring {
				p.Lines = append(p.Lines, newPageAlert(a))
			}
		}
	}
	slices.SortStableFunc(p.Lines, func(a, b pageAlert) int {
		return cmp.Or(cmp.Compare(alertRank(a), alertRank(b)), a.Since.Compare(b.Since))
	})
	if p.More = max(len(p.Lines)-shownAlerts, 0); p.More > 0 {
		p.Lines = p.Lines[:shownAlerts]
	}
	return p
}

func newPageAlert(a evaluate.Told) pageAlert {
	line := pageAlert{
		Name: a.Rule.Name, Severity: a.Labels.Get("severity"), Summary: a.Annotations.Get("summary"),
		State: a.State, Since: a.ActiveAt, Frozen: a.Frozen,
	}
	if a.State == evaluate.Firing {
		line.Since = a.FiredAt
	}
	return line
}

func alertRank(a pageAlert) int {
	rank := slices.Index([]string{"critical", "warning", "info", "none"}, a.Severity)
	if a.State != evaluate.Firing {
		rank += 10
	}
	return rank
}

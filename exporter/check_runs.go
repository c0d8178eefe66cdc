package exporter

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/rebalance"
)

// checkRuns sums up the journal of a cluster in the state file.
type checkRuns struct {
	Days       int                      `json:"days"` // how far it looks back
	Runs       map[rebalance.Result]int `json:"runs"`
	Partitions map[rebalance.Fate]int   `json:"partitions"`
	Last       *time.Time               `json:"last_run,omitempty"`
}

// runsFor is how far the summary looks back.
const runsFor = 30 * 24 * time.Hour

// pastRuns returns what sums up the journal of a cluster; nil for one that the state file
// does not know.
func pastRuns(path string, log *slog.Logger) (func(name string) *checkRuns, error) {
	state, err := openState(path, log)
	if err != nil {
		return nil, err
	}
	return func(name string) *checkRuns {
		if _, known := state.runs[name]; !known {
			return nil
		}
		return sumRuns(state.rebalance(name).Runs, time.Now())
	}, nil
}

// sumRuns sums up runs, which are the newest first.
func sumRuns(runs []rebalance.Run, now time.Time) *checkRuns {
	sum := &checkRuns{Days: int(runsFor.Hours() / 24), Runs: map[rebalance.Result]int{}, Partitions: map[rebalance.Fate]int{}}
	for _, run := range runs {
		if now.Sub(run.Ended) > runsFor {
			break
		}
		if sum.Last == nil {
			sum.Last = &run.Ended
		}
		sum.Runs[run.Result]++
		for fate, n := range run.Counts {
			sum.Partitions[fate] += n
		}
	}
	return sum
}

// line says it in a sentence, "" for nothing.
func (c *checkRuns) line() string {
	if c == nil {
		return ""
	}
	var parts []string
	if n := c.Runs[rebalance.DryRun]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s would have been made, of %d partitions", plural(n, "run"), c.Partitions[rebalance.Planned]))
	}
	if n := c.Runs[rebalance.Success] + c.Runs[rebalance.Partial] + c.Runs[rebalance.Failed]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s made (%d partial, %d failed), which gave back %d partitions",
			plural(n, "run"), c.Runs[rebalance.Partial], c.Runs[rebalance.Failed], c.Partitions[rebalance.CameBack]))
	}
	if len(parts) == 0 {
		parts = []string{"no run was due"}
	}
	return fmt.Sprintf("rebalance: in %d days %s", c.Days, strings.Join(parts, "; "))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

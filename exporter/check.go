package exporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
)

// CheckOptions says what `evenkeel check` is to do.
type CheckOptions struct {
	Clusters []string // names; none: all of the configuration
	JSON     bool
	Colour   bool   // of words in a report for persons
	Restart  *int32 // the broker about which is asked whether it may be stopped; nil: none
	Out      io.Writer
	Logger   *slog.Logger
}

// Check polls the clusters once, writes a report, and returns the gravest verdict.
// The error says why there is no report.
func Check(ctx context.Context, cfg *config.Config, opts CheckOptions) (cluster.Verdict, error) {
	chosen, err := choose(cfg.Clusters, opts.Clusters)
	if err != nil {
		return cluster.Untold, err
	}
	if opts.Restart != nil && len(chosen) > 1 {
		return cluster.Untold, errors.New("--restart: the configuration has several clusters; name the broker's with --cluster")
	}
	runs, err := pastRuns(cfg.StateFile, opts.Logger)
	if err != nil {
		return cluster.Untold, err
	}
	pollers := make([]*collectors.Poller, len(chosen))
	for i, c := range chosen {
		if pollers[i], err = collectors.NewPoller(c, nil, opts.Logger); err != nil {
			return cluster.Untold, fmt.Errorf("cluster %s: %w", c.Name, err)
		}
		defer pollers[i].Close()
	}
	snapshots := make([]*cluster.Snapshot, len(chosen))
	var wg sync.WaitGroup
	for i, poller := range pollers {
		wg.Go(func() {
			snapshots[i] = poller.Poll(ctx, cluster.TriggerInterval).Snapshot
		})
	}
	wg.Wait()
	if opts.Restart != nil {
		return restartReport(snapshots[0], *opts.Restart, opts)
	}
	worst := cluster.Healthy
	report := make([]checkCluster, 0, len(snapshots))
	for i, s := range snapshots {
		worst = worst.Worse(s.Verdict())
		report = append(report, checkCluster{describeSnapshot(s, false), groupsForCheck(s, chosen[i].Topics.Match), runs(s.Cluster)})
	}
	if opts.JSON {
		enc := json.NewEncoder(opts.Out)
		enc.SetIndent("", "  ")
		return worst, enc.Encode(map[string]any{"verdict": worst.String(), "clusters": report})
	}
	for _, c := range report {
		if err := writeReport(opts.Out, c, paintFor(opts.Colour)); err != nil {
			return worst, fmt.Errorf("write the report: %w", err)
		}
	}
	return worst, nil
}

func choose(all []config.Cluster, names []string) ([]config.Cluster, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []config.Cluster
	for _, name := range names {
		i := slices.IndexFunc(all, func(c config.Cluster) bool { return c.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("--cluster: no cluster %q in the configuration", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// writeReport writes what a person reads in ten seconds: the verdict, what is
// wrong, a line for each server and broker, and the groups that deserve a look.
func writeReport(out io.Writer, c checkCluster, paint painter) error {
	var failed error
	say := func(format string, args ...any) {
		if _, err := fmt.Fprintf(out, format+"\n", args...); err != nil {
			failed = err
		}
	}
	say("cluster %s: %s", c.Name, paint.verdict(c.Verdict))
	for _, t := range c.Troubles {
		say("  %s%*s  %s", paint.verdict(t.Severity), max(0, 8-len(t.Severity)), "", t.Text)
		if t.Detail != "" {
			say("            %s", t.Detail)
		}
	}
	if c.Ensemble != nil {
		say("  ZooKeeper, quorum: %s", unknown(c.Ensemble.HasQuorum))
		for _, s := range c.Ensemble.Servers {
			say("    %-24s %s", s.Name, paint.mode(s.Mode))
		}
	}
	for _, b := range c.Brokers {
		say("  broker %-4d %-24s %s%*s leads %s, preferred for %s", b.ID, b.Address, paint.status(b.Status), max(0, 12-len(b.Status)), "", unknown(b.Leaders), unknown(b.PreferredLeaders))
	}
	if c.Quorum != nil {
		say("  controllers: node %d leads %d voters", c.Quorum.Leader, len(c.Quorum.Voters))
	}
	if c.Summary != nil {
		say("  partitions %d, offline %s", c.Summary.Total, unknown(c.Summary.Offline))
	}
	for _, line := range c.Groups.report() {
		say("  %s", line)
	}
	if line := c.Runs.line(); line != "" {
		say("  %s", line)
	}
	return failed
}

package exporter

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/alerts"
	"github.com/evenkeel/evenkeel/alerts/evaluate"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/rebalance"
)

// processEvery is how often the rules are evaluated that name no metric of a cluster.
const processEvery = 15 * time.Second

// alertPlan is what a configuration says about alerts, checked from end to end.
type alertPlan struct {
	config.Alerts
	world    evaluate.World
	polls    map[string]config.Poll // by cluster
	clusters []*evaluate.Rule       // evaluated for each cluster, after its polls
	process  []*evaluate.Rule       // evaluated on a timer: they name no metric of a cluster
	wanted   map[string]bool        // metrics that the rules of the clusters name
}

// CheckAlerts reports what is wrong with the rule files of a configuration.
func CheckAlerts(cfg *config.Config) error {
	_, err := newAlertPlan(cfg)
	return err
}

// newAlertPlan reads the rule files; nil where alerts are not evaluated.
func newAlertPlan(cfg *config.Config) (*alertPlan, error) {
	if !cfg.Alerts.Evaluate {
		return nil, nil
	}
	p := &alertPlan{
		Alerts: cfg.Alerts, world: evaluate.World{ExternalLabels: cfg.Alerts.ExternalLabels},
		polls: map[string]config.Poll{}, wanted: map[string]bool{},
	}
	for _, c := range cfg.Clusters {
		p.polls[c.Name] = c.Poll
	}
	if cfg.Web.ExternalURL != "" {
		where, err := url.Parse(cfg.Web.ExternalURL)
		if err != nil {
			return nil, fmt.Errorf("web.external_url: %w", err)
		}
		p.world.ExternalURL = where
	}
	files, err := ruleFiles(cfg.Alerts.RuleFiles)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		rules, err := evaluate.Parse(f.Name, f.Content)
		if err != nil {
			return nil, err
		}
		if err := p.take(f.Name, rules); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// ruleFiles returns the files, or the built-in ones where none is named.
func ruleFiles(names []string) ([]alerts.File, error) {
	if len(names) == 0 {
		return alerts.Evaluable(), nil
	}
	var files []alerts.File
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("rule file: %w", err)
		}
		files = append(files, alerts.File{Name: name, Content: content})
	}
	return files, nil
}

// take sorts rules by what they are evaluated on. One that names what evenkeel does not
// tell would never fire here, and is refused.
func (p *alertPlan) take(file string, rules []*evaluate.Rule) error {
	for _, r := range rules {
		ofCluster := false
		for _, metric := range r.Metrics() {
			switch {
			case isOfCluster(metric):
				ofCluster = true
			case !isOfProcess(metric):
				return fmt.Errorf("rule file %s: alert %s: %s is no metric of evenkeel, so it would never fire here; see docs/metrics.md", file, r.Name, metric)
			}
		}
		if !ofCluster {
			p.process = append(p.process, r)
			continue
		}
		p.clusters = append(p.clusters, r)
		for _, metric := range r.Reads() {
			p.wanted[metric] = true
		}
	}
	return nil
}

// wantsProcess says whether a rule of the clusters names a metric of the process, too.
func (p *alertPlan) wantsProcess() bool {
	for metric := range p.wanted {
		if isOfProcess(metric) {
			return true
		}
	}
	return false
}

// owners tells, for each metric of a cluster, the collector that it belongs to; "" for
// those that tell of evenkeel itself.
var owners = func() map[string]string {
	owners := map[string]string{}
	for _, f := range collectors.Families() {
		owners[f.Name] = ""
	}
	for _, d := range rebalance.Declarations() {
		owners[d.Name] = ""
	}
	for _, c := range collectors.All() {
		for _, f := range c.Families {
			owners[f.Name] = c.Name
		}
	}
	return owners
}()

// ownerOf returns the collector that a metric belongs to, "" for none. What ZooKeeper
// servers tell beyond the declared metrics is the collector's of ZooKeeper.
func ownerOf(metric string) string {
	if owner, ok := owners[metric]; ok || !strings.HasPrefix(metric, "zk_") {
		return owner
	}
	return owners["zk_up"]
}

func isOfCluster(metric string) bool {
	_, ok := owners[metric]
	return ok || strings.HasPrefix(metric, "zk_")
}

// isOfProcess says whether a metric is one of evenkeel's process.
func isOfProcess(metric string) bool {
	for _, prefix := range []string{"go_", "process_", "evenkeel_build_", "evenkeel_config_", "evenkeel_alert"} {
		if strings.HasPrefix(metric, prefix) {
			return true
		}
	}
	return false
}

// reaches says whether a metric tells of reachability itself, so that it is known also, and
// above all, when something cannot be reached.
func reaches(metric string) bool {
	if slices.Contains([]string{"kafka_cluster_reachable", "kafka_broker_up", "kafka_broker_status", "zk_up"}, metric) {
		return true
	}
	for _, prefix := range []string{"evenkeel_", "zk_server_", "zk_ensemble_"} {
		if strings.HasPrefix(metric, prefix) {
			return true
		}
	}
	return false
}

package exporter

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// rulesFile writes alert rules and returns their path.
func rulesFile(t *testing.T, rules string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(path, []byte("groups:\n- name: g\n  rules:\n"+rules), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const alertRules = `
  - {alert: Partitions, expr: 'kafka_partitions == 1', labels: {severity: warning}, annotations: {summary: 'of {{ $labels.kafka_cluster }}'}}
  - {alert: Later, expr: 'kafka_partitions == 1', for: 1h, labels: {severity: info}}
  - {alert: Lag, expr: 'kafka_consumergroup_members > 0', labels: {severity: warning}}
  - {alert: Mode, expr: 'evenkeel_rebalance_mode{mode="off"} == 1', labels: {severity: none}}
  - {alert: Always, expr: 'vector(1)', labels: {severity: none}}
  - {alert: Mixed, expr: 'kafka_partitions * on () group_left () max(evenkeel_config_last_reload_successful) == 1', labels: {severity: none}}
`

func alertConfig(t *testing.T, rules, more string) string {
	t.Helper()
	return twoClusters + "alerts:\n  evaluate: true\n  rule_files: [" + rulesFile(t, rules) + "]\n" + more
}

// alertsOf returns the alerts that the API tells, as "name/cluster=state".
func alertsOf(t *testing.T, e *Exporter, query string) (found []string, whole string) {
	t.Helper()
	head, body := fetch(t, e, "GET", "/api/v1/alerts"+query)
	var answer apiAlerts
	if err := json.Unmarshal([]byte(body), &answer); err != nil || head.StatusCode != http.StatusOK || answer.Status != "success" {
		t.Fatalf("%d %s (%v)", head.StatusCode, body, err)
	}
	for _, a := range answer.Data.Alerts {
		text := a.Labels.Get("alertname") + "/" + a.Labels.Get("kafka_cluster") + "=" + string(a.State)
		if a.Frozen {
			text += "(frozen)"
		}
		found = append(found, text)
	}
	return found, body
}

func TestAlertsAreEvaluated(t *testing.T) {
	e := newExporter(t, alertConfig(t, alertRules, ""), Options{})
	e.alerting.observeProcess()
	publishAt(e.watchers[0], time.Now())
	got, body := alertsOf(t, e, "")
	want := "Always/=firing Later/a=pending Mixed/a=firing Mode/a=firing Partitions/a=firing"
	if strings.Join(got, " ") != want {
		t.Errorf("alerts %v, want %s\n%s", got, want, body)
	}
	if !strings.Contains(body, `"summary":"of a"`) || !strings.Contains(body, `"value":"1"`) {
		t.Errorf("not told: %s", body)
	}
	if got, _ := alertsOf(t, e, "?cluster=b"); len(got) != 0 {
		t.Errorf("cluster b has alerts %v", got)
	}
	_, metrics := fetch(t, e, "GET", "/metrics")
	for _, line := range []string{
		`evenkeel_alerts{alertname="Partitions",kafka_cluster="a",severity="warning",state="firing"} 1`,
		`evenkeel_alerts{alertname="Partitions",kafka_cluster="b",severity="warning",state="firing"} 0`,
		`evenkeel_alerts{alertname="Later",kafka_cluster="a",severity="info",state="pending"} 1`,
		`evenkeel_alerts{alertname="Always",kafka_cluster="",severity="none",state="firing"} 1`,
		`evenkeel_alert_rules_failing{kafka_cluster="a"} 0`,
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

func TestAlertsAreNotEvaluatedUnlessWanted(t *testing.T) {
	e := newExporter(t, twoClusters, Options{})
	publishAt(e.watchers[0], time.Now())
	if head, body := fetch(t, e, "GET", "/api/v1/alerts"); head.StatusCode != http.StatusNotFound || !strings.Contains(body, "alerts.evaluate: true") {
		t.Errorf("%d %s", head.StatusCode, body)
	}
	if _, metrics := fetch(t, e, "GET", "/metrics"); strings.Contains(metrics, "evenkeel_alert") {
		t.Error("metrics of alerts that are not evaluated")
	}
}

// TestCollectorThatFailsFreezes: in the snapshots of these tests the groups cannot be read.
func TestCollectorThatFailsFreezes(t *testing.T) {
	e := newExporter(t, alertConfig(t, alertRules, ""), Options{})
	publishAt(e.watchers[0], time.Now())
	for _, r := range e.alerting.all()["a"].Rules() {
		if got, want := r.Frozen, r.Name == "Lag"; got != want {
			t.Errorf("%s is frozen: %v", r.Name, got)
		}
	}
}

// TestMistakesInRules: one line that names the file, the alert and what is wrong, at the
// start and at a reload, which changes nothing then.
func TestMistakesInRules(t *testing.T) {
	for rules, want := range map[string]string{
		"  - {alert: A, expr: 'kafka_partitons > 1'}\n": "alert A: kafka_partitons is no metric of evenkeel",
		"  - {alert: A, expr: 'kafka_partitions >'}\n":  "could not parse expression",
	} {
		text := alertConfig(t, rules, "")
		cfg, err := config.Parse("test.yml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckAlerts(cfg); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "rules.yml") {
			t.Errorf("%v, want %s", err, want)
		}
		if _, err := New(cfg, Options{Logger: slog.New(slog.DiscardHandler)}); err == nil {
			t.Error("started with a mistake in the rules")
		}
	}
}

// receiver stands in for an Alertmanager; the cluster tier tells a real one.
type receiver struct {
	mu  sync.Mutex
	got []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	user, password, _ := req.BasicAuth()
	var alerts []struct {
		Labels map[string]string
		EndsAt time.Time
	}
	body, err := io.ReadAll(req.Body)
	if err == nil {
		err = json.Unmarshal(body, &alerts)
	}
	if err != nil || user != "me" || password != "hunter2" || req.URL.Path != "/api/v2/alerts" {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range alerts {
		state := "firing"
		if a.EndsAt.Before(time.Now()) {
			state = "resolved"
		}
		r.got = append(r.got, fmt.Sprintf("%s/%s/%s=%s", a.Labels["alertname"], a.Labels["kafka_cluster"], a.Labels["dc"], state))
	}
}

func (r *receiver) has(want string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, got := range r.got {
		if got == want {
			return true
		}
	}
	return false
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// TestAlertsAreToldAndSurvive: over a reload and over a restart.
func TestAlertsAreToldAndSurvive(t *testing.T) {
	am := &receiver{}
	server := httptest.NewTLSServer(am)
	defer server.Close()
	dir := t.TempDir()
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "state.json")
	text := alertConfig(t, alertRules, fmt.Sprintf(`  external_labels: {dc: eu}
  alertmanagers:
    - url: %s
      basic_auth: {username: me, password_file: %s}
      tls: {enabled: true, insecure_skip_verify: true}
state_file: %s
`, server.URL, password, state))
	load := func() (*config.Config, error) { return config.Parse("test.yml", []byte(text)) }
	e := newExporter(t, text, Options{Load: load})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { e.alerting.serve(ctx); e.alerting.close(); close(ended) }()
	publishAt(e.watchers[0], time.Now())
	eventually(t, "the Alertmanager knows of both", func() bool {
		return am.has("Partitions/a/eu=firing") && am.has("Always//eu=firing")
	})
	if err := e.Reload(); err != nil {
		t.Fatal(err)
	}
	if got, _ := alertsOf(t, e, "?cluster=a"); len(got) != 4 {
		t.Errorf("after a reload %v", got)
	}
	before := firedAt(t, e)
	cancel()
	<-ended

	e = newExporter(t, text, Options{Load: load})
	if got, _ := alertsOf(t, e, "?cluster=a"); len(got) != 4 {
		t.Errorf("after a restart %v", got)
	}
	publishAt(e.watchers[0], time.Now())
	if after := firedAt(t, e); !after.Equal(before) {
		t.Errorf("fired at %s, after a restart at %s", before, after)
	}
}

func firedAt(t *testing.T, e *Exporter) time.Time {
	t.Helper()
	for _, a := range e.alerting.all()["a"].Alerts() {
		if a.Rule.Name == "Partitions" {
			return a.FiredAt
		}
	}
	t.Fatal("it does not fire")
	return time.Time{}
}

// TestSpoiltSamplesAreNoReasonNotToStart: they can be lost.
func TestSpoiltSamplesAreNoReasonNotToStart(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state.json")
	text := alertConfig(t, alertRules, "state_file: "+state+"\n")
	e := newExporter(t, text, Options{})
	publishAt(e.watchers[0], time.Now())
	e.alerting.close()
	for _, spoilt := range []string{"", "rubbish", "\x1f\x8b\x08"} {
		if err := os.WriteFile(state+samplesSuffix, []byte(spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		e := newExporter(t, text, Options{})
		if got, _ := alertsOf(t, e, "?cluster=a"); len(got) != 4 {
			t.Errorf("with %q for samples: %v", spoilt, got)
		}
	}
}

func TestRunbooksAreServed(t *testing.T) {
	e := newExporter(t, twoClusters, Options{})
	if head, body := fetch(t, e, "GET", "/runbooks/ZooKeeperQuorumLost"); head.StatusCode != http.StatusOK || !strings.HasPrefix(body, "# ZooKeeperQuorumLost") || !strings.HasPrefix(head.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%d %.40s", head.StatusCode, body)
	}
	for _, name := range []string{"None", "..", "%2e%2e%2falerts.go", "..%2F..%2Fkafka"} {
		if head, _ := fetch(t, e, "GET", "/runbooks/"+name); head.StatusCode == http.StatusOK {
			t.Errorf("/runbooks/%s is served", name)
		}
	}
}

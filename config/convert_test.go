package config

import (
	"reflect"
	"regexp"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// decodeInto fills raw from text.
func decodeInto(t *testing.T, text string, raw any) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	d := &decoder{lines: map[string]int{"": 1}}
	if err := d.decode(doc.Content[0], reflect.ValueOf(raw).Elem(), ""); err != nil {
		t.Fatal(err)
	}
}

func TestAlerts(t *testing.T) {
	const text = `
clusters: [{name: prod, zookeeper: {servers: ["zk1:2181"]}}]
alerts:
  evaluate: true
  rule_files: [testdata/files/rules.yml]
  alertmanagers:
    - url: http://am:9093
      basic_auth: {username: me, password: hunter2}
      tls: {enabled: true, server_name: am.example.org}
    - {url: "http://am2:9093"}
  external_labels: {dc: eu}
`
	cfg, err := Parse("evenkeel.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := Alerts{
		Evaluate:  true,
		RuleFiles: []string{"testdata/files/rules.yml"},
		Alertmanagers: []Alertmanager{
			{URL: "http://am:9093", BasicAuth: BasicAuth{Username: "me", Password: NewSecret("hunter2")}, TLS: TLS{Enabled: true, ServerName: "am.example.org"}},
			{URL: "http://am2:9093"},
		},
		ExternalLabels: map[string]string{"dc": "eu"},
	}
	if !reflect.DeepEqual(cfg.Alerts, want) {
		t.Errorf("got  %+v\nwant %+v", cfg.Alerts, want)
	}
}

func TestEntriesHaveDefaults(t *testing.T) {
	var objectives []rawObjective
	decodeInto(t, `[{match: ^pay, max_lag: 30s, severity: critical}, {match: ^log}]`, &objectives)
	got := rawGroups{Objectives: objectives, Watch: []groupName{"a"}}.validated()
	want := Groups{
		Watch: []string{"a"},
		Objectives: []Objective{
			{Match: regexp.MustCompile("^pay"), MaxLag: 30 * time.Second, Severity: "critical"},
			{Match: regexp.MustCompile("^log"), MaxLag: 15 * time.Minute, Severity: "warning"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWindows(t *testing.T) {
	var windows []rawWindow
	decodeInto(t, `[{cron: "0 1 * * *", duration: 4h, time_zone: Europe/Berlin}]`, &windows)
	got := rawRebalance{Windows: windows, ExcludeBrokers: []natural{1, 2}, MaxBrokersDown: 3}.validated()
	want := Rebalance{
		Windows:        []Window{{Cron: "0 1 * * *", Duration: 4 * time.Hour, TimeZone: "Europe/Berlin"}},
		ExcludeBrokers: []int{1, 2},
		MaxBrokersDown: 3,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// What may be written as a number, or as auto.
func TestLimit(t *testing.T) {
	for text, want := range map[string]limit{"auto": Auto, "0": 0, "12": 12} {
		var got limit
		if err := got.set(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %d, %v, shown as %s", text, int(got), err, got)
		}
	}
}

// TestRebalance sets every key to something else than its default.
func TestRebalance(t *testing.T) {
	cfg, err := Parse("f.yml", []byte(`
clusters:
  - name: prod
    zookeeper: {servers: [zk1:2181]}
    rebalance:
      mode: auto
      threshold: 0.2
      persist_for: 1m
      settle: 2m
      max_registrations_per_hour: 4
      slow_probe: {factor: 6.5, at_least: 200ms}
      broker_left: 3m
      cooldown: 4m
      max_runs_per_hour: 5
      batch_size: 6
      batch_pause: 7s
      max_partitions_per_minute: 8
      max_brokers_down: 9
      max_under_replicated: 10
      max_reassigning: 11
      ping_pong: {within: 12m, times: 13}
      windows: [{cron: "0 1 * * *", duration: 14h, time_zone: Europe/Berlin}]
      topics: {include: a, exclude: b}
      exclude_brokers: [0, 15]
      lock_path: /ops/evenkeel
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Rebalance{
		Mode: ModeAuto, Threshold: 0.2, PersistFor: time.Minute, Settle: 2 * time.Minute, MaxRegistrationsPerHour: 4,
		SlowProbe: SlowProbe{Factor: 6.5, AtLeast: 200 * time.Millisecond}, BrokerLeft: 3 * time.Minute, Cooldown: 4 * time.Minute, MaxRunsPerHour: 5,
		BatchSize: 6, BatchPause: 7 * time.Second, MaxPartitionsPerMinute: 8, MaxBrokersDown: 9, MaxUnderReplicated: 10, MaxReassigning: 11,
		PingPong: PingPong{Within: 12 * time.Minute, Times: 13},
		Windows:  []Window{{Cron: "0 1 * * *", Duration: 14 * time.Hour, TimeZone: "Europe/Berlin"}},
		Topics:   Filter{regexp.MustCompile("a"), regexp.MustCompile("b")}, ExcludeBrokers: []int{0, 15}, LockPath: "/ops/evenkeel",
	}
	if got := cfg.Clusters[0].Rebalance; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for i := range reflect.TypeFor[Rebalance]().NumField() {
		field := reflect.ValueOf(want).Field(i)
		if field.IsZero() {
			t.Errorf("%s is not set here", reflect.TypeFor[Rebalance]().Field(i).Name)
		}
	}
}

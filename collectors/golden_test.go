package collectors

import (
	"bytes"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

var update = flag.Bool("update", false, "write the golden files and docs/metrics.md anew")

// TestGolden holds what each collector tells of three snapshots: one of a cluster
// in which a broker died, one in which nothing could be read, and one of a cluster
// without ZooKeeper that knows all that newer releases tell.
func TestGolden(t *testing.T) {
	for name, s := range map[string]*cluster.Snapshot{"story": storySnapshot(), "blind": blindSnapshot(), "kraft": kraftSnapshot()} {
		encoded, err := NewExposition(testConfig(t), metrics.NewEncoder(), slog.New(slog.DiscardHandler)).Encode(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range applying(s) {
			compareGolden(t, c.Name+"_"+name, exposition(t, encoded.Cluster[i]))
		}
		compareGolden(t, "itself_"+name, exposition(t, encoded.Itself))
	}
}

func exposition(t *testing.T, parts ...metrics.Part) string {
	t.Helper()
	var buf bytes.Buffer
	if err := metrics.NewPage(Families(), parts...).WriteTo(&buf, metrics.Text, false, nil); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (run with -update when this is meant, -want +got):\n%s", path, diff)
	}
}

// keptNames are names that promlint does not like and that stay as they are,
// because other exporters' dashboards and rules use them.
var keptNames = []string{"kafka_consumergroup_current_offset_sum", "kafka_consumergroup_lag_sum"}

// TestExpositionIsValid holds what is written against the parser of the
// ecosystem, the pedantic checks of client_golang, and promlint.
func TestExpositionIsValid(t *testing.T) {
	encoded, err := NewExposition(testConfig(t), metrics.NewEncoder(), slog.New(slog.DiscardHandler)).Encode(storySnapshot(), nil)
	if err != nil {
		t.Fatal(err)
	}
	text := exposition(t, append(encoded.Cluster, encoded.Itself)...)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	parsed, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("the parser refuses it: %v", err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(replay(parsed))
	if _, err := registry.Gather(); err != nil {
		t.Errorf("the pedantic registry refuses it: %v", err)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if !slices.Contains(keptNames, p.Metric) {
			t.Errorf("promlint: %s: %s", p.Metric, p.Text)
		}
	}
}

// replay is a collector that gives back parsed families.
type replay map[string]*dto.MetricFamily

func (replay) Describe(chan<- *prometheus.Desc) {}

func (r replay) Collect(ch chan<- prometheus.Metric) {
	for name, family := range r {
		for _, m := range family.Metric {
			var names, values []string
			for _, l := range m.Label {
				names, values = append(names, l.GetName()), append(values, l.GetValue())
			}
			kind, value := prometheus.UntypedValue, m.GetUntyped().GetValue()
			switch family.GetType() {
			case dto.MetricType_COUNTER:
				kind, value = prometheus.CounterValue, m.GetCounter().GetValue()
			case dto.MetricType_GAUGE:
				kind, value = prometheus.GaugeValue, m.GetGauge().GetValue()
			}
			ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, family.GetHelp(), names, nil), kind, value, values...)
		}
	}
}

// TestDeclarations holds the list of all families: valid, each declared once, and
// no two of them alike in OpenMetrics, where a counter's family has no _total.
func TestDeclarations(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Families() {
		if err := f.Validate(); err != nil {
			t.Error(err)
		}
		name := strings.TrimSuffix(f.Name, "_total")
		if seen[name] {
			t.Errorf("%s is declared twice, or clashes with a counter", f.Name)
		}
		seen[name] = true
	}
}

func TestReassignmentsThatCouldNotBeReadAreAbsent(t *testing.T) {
	s := storySnapshot()
	picture, _ := s.Picture.Get()
	for _, unknown := range []bool{false, true} {
		picture.MovesUnknown = unknown
		encoded, err := NewExposition(testConfig(t), metrics.NewEncoder(), slog.New(slog.DiscardHandler)).Encode(finish(s), nil)
		if err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(exposition(t, encoded.Cluster...), "kafka_reassigning_partitions{"); told == unknown {
			t.Errorf("unknown: %v, told: %v", unknown, told)
		}
	}
}

func TestPanickingCollectorLosesOnlyItself(t *testing.T) {
	s := storySnapshot()
	s.Ensemble.Servers = nil
	e := NewExposition(testConfig(t), metrics.NewEncoder(), slog.New(slog.DiscardHandler))
	s.Picture = cluster.Read[*cluster.Picture](nil) // what no source yields
	var text string
	for range 2 {
		encoded, err := e.Encode(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		text = exposition(t, append(encoded.Cluster, encoded.Itself)...)
	}
	for _, want := range []string{
		`evenkeel_collector_success{kafka_cluster="c",collector="isr"} 0`,
		`evenkeel_collector_success{kafka_cluster="c",collector="brokers"} 1`,
		`evenkeel_collector_errors_total{kafka_cluster="c",collector="isr",reason="panic"} 2`,
		`kafka_broker_up{kafka_cluster="c",broker="1"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is not told:\n%s", want, text)
		}
	}
	if strings.Contains(text, "kafka_topic_partition_replicas") {
		t.Error("the collector that panicked is told all the same")
	}
}

func TestFiltersAndLimitsLeaveOutSeriesOnly(t *testing.T) {
	s := storySnapshot()
	cfg := testConfig(t)
	cfg.Topics.PerPartition = config.PerPartitionOff
	encoded, err := NewExposition(cfg, metrics.NewEncoder(), slog.New(slog.DiscardHandler)).Encode(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := exposition(t, append(encoded.Cluster, encoded.Itself)...)
	if strings.Contains(text, "kafka_topic_partition_leader{") {
		t.Error("series of partitions are there though they are not wanted")
	}
	for _, want := range []string{"kafka_partitions{", "kafka_topic_partitions{", `evenkeel_limited{kafka_cluster="c",what="per_partition"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

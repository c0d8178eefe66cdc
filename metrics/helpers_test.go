package metrics

import (
	"bytes"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

var (
	leader = &Family{
		Name: "kafka_topic_partition_leader", Labels: []string{"topic", "partition"},
		Help: "Broker id of the leader.",
	}
	shrinks = &Family{
		Name: "kafka_isr_shrinks_total", Type: Counter, Labels: []string{"broker"},
		Help: "Replicas that left an ISR.",
	}
	brokers = &Family{Name: "kafka_brokers", Help: "Brokers that are up."}
	mntr    = &Family{
		Name: "zk_some_line", Type: Untyped, Labels: []string{"zk_server"},
		Help: "The line \"some_line\" of mntr,\nas C:\\zookeeper tells it.",
	}
	order = []*Family{brokers, leader, shrinks, mntr}
)

// encode returns what emit writes for the cluster, or fails the test.
func encode(t testing.TB, cluster string, emit func(*Writer)) Part {
	t.Helper()
	part, err := NewEncoder().Encode(cluster, emit)
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// emitSmall writes one or two samples of every family.
func emitSmall(w *Writer) {
	w.Begin(mntr)
	w.Float(0.25, "zk1:2181")
	w.Begin(brokers)
	w.Int(3)
	w.Begin(shrinks)
	w.Int(7, "1")
	w.Int(0, "2")
	w.Begin(leader)
	w.Int(1, "t", Itoa(0))
	w.Int(-1, "t", Itoa(1))
}

// render returns the page as a client without gzip gets it.
func render(t testing.TB, p *Page, f Format, tail string) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.WriteTo(&out, f, false, []byte(tail)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// parse reads a page in the text format as Prometheus's own library does.
func parse(t testing.TB, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return families
}

// mustPanic fails the test unless do panics with a message that says want.
func mustPanic(t *testing.T, want string, do func()) {
	t.Helper()
	defer func() {
		t.Helper()
		message, _ := recover().(string)
		if !strings.Contains(message, want) {
			t.Errorf("panic %q, want one that says %q", message, want)
		}
	}()
	do()
}

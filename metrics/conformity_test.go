package metrics

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// sample is one line, to be written by this package and by client_golang.
type sample struct {
	value  float64
	labels []string
}

var conformitySamples = map[*Family][]sample{
	brokers: {{3, nil}},
	leader:  {{1, []string{"t", "0"}}, {-1, []string{"t", "1"}}, {2, []string{"say \"hi\"\n\\", "2"}}, {0, []string{"Kälte 雪", ""}}},
	shrinks: {{1e9, []string{"1"}}, {0, []string{"2"}}},
	mntr:    {{math.NaN(), []string{"a"}}, {math.Inf(1), []string{"b"}}, {math.Inf(-1), []string{"c"}}, {0.1, []string{"d"}}, {1e-9, []string{"e"}}, {12345.5, []string{"f"}}},
}

// clientGolang offers the same samples to a client_golang registry.
type clientGolang struct{}

func (clientGolang) Describe(chan<- *prometheus.Desc) {}

func (clientGolang) Collect(ch chan<- prometheus.Metric) {
	types := map[Type]prometheus.ValueType{
		Gauge: prometheus.GaugeValue, Counter: prometheus.CounterValue, Untyped: prometheus.UntypedValue,
	}
	for f, samples := range conformitySamples {
		desc := prometheus.NewDesc(f.Name, f.Help, append([]string{ClusterLabel}, f.Labels...), nil)
		for _, s := range samples {
			ch <- prometheus.MustNewConstMetric(desc, types[f.Type], s.value, append([]string{"prod"}, s.labels...)...)
		}
	}
}

func conformityPage(t *testing.T) *Page {
	return NewPage(order, encode(t, "prod", func(w *Writer) {
		for f, samples := range conformitySamples {
			w.Begin(f)
			for _, s := range samples {
				w.Float(s.value, s.labels...)
			}
		}
	}))
}

// TestSameAsRegistry reads our page with Prometheus's parser and finds what a
// pedantic registry gathers for the same samples.
func TestSameAsRegistry(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(clientGolang{})
	want, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := sorted(parse(t, render(t, conformityPage(t), Text, "")))
	if exposition(t, expfmt.FmtText, got) != exposition(t, expfmt.FmtText, sorted(byName(want))) {
		t.Errorf("got:\n%s\nwant:\n%s", exposition(t, expfmt.FmtText, got), exposition(t, expfmt.FmtText, want))
	}
	problems, err := promlint.New(strings.NewReader(render(t, conformityPage(t), Text, ""))).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v %v", problems, err)
	}
}

// TestSameBytesAsExpfmt writes what was parsed from our page with expfmt and
// finds our bytes again, but for the spelling of numbers.
func TestSameBytesAsExpfmt(t *testing.T) {
	page := conformityPage(t)
	families := parse(t, render(t, page, Text, ""))
	var inOrder []*dto.MetricFamily
	for _, f := range order {
		inOrder = append(inOrder, families[f.Name])
	}
	for f, theirs := range map[Format]expfmt.Format{Text: expfmt.FmtText, OpenMetrics: expfmt.FmtOpenMetrics_1_0_0} {
		tail := ""
		if f == OpenMetrics {
			tail = "# EOF\n"
		}
		got, want := render(t, page, f, tail), shortNumbers(exposition(t, theirs, inOrder))
		if got != want {
			t.Errorf("%s:\n%s\nexpfmt writes:\n%s", f.ContentType(), got, want)
		}
	}
}

// shortNumbers spells whole numbers as this package does: expfmt writes 1.0 in
// OpenMetrics, and 1e+09 in both formats.
func shortNumbers(text string) string {
	text = strings.ReplaceAll(text, "} 1e+09\n", "} 1000000000\n")
	return regexp.MustCompile(`(?m)\.0$`).ReplaceAllString(text, "")
}

func exposition(t *testing.T, f expfmt.Format, families []*dto.MetricFamily) string {
	t.Helper()
	var out bytes.Buffer
	encoder := expfmt.NewEncoder(&out, f)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			t.Fatal(err)
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func byName(families []*dto.MetricFamily) map[string]*dto.MetricFamily {
	m := make(map[string]*dto.MetricFamily)
	for _, f := range families {
		m[f.GetName()] = f
	}
	return m
}

// sorted puts families, metrics and labels into one order, since a registry and
// a page have each their own.
func sorted(families map[string]*dto.MetricFamily) []*dto.MetricFamily {
	var all []*dto.MetricFamily
	for _, f := range families {
		for _, m := range f.Metric {
			slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
		}
		slices.SortFunc(f.Metric, func(a, b *dto.Metric) int { return strings.Compare(a.String(), b.String()) })
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all
}

package metrics

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

func TestLabelValues(t *testing.T) {
	for value, written := range map[string]string{
		"":                          ``,
		"plain.name-1_x":            `plain.name-1_x`,
		"two words\tand a tab":      "two words\tand a tab",
		`say "hi"`:                  `say \"hi\"`,
		"two\nlines":                `two\nlines`,
		`C:\dir\`:                   `C:\\dir\\`,
		"Kälte 雪 🐫":                 `Kälte 雪 🐫`,
		"\xff\xfe\xfd":              "\uFFFD", // as long as before, so that length alone would not tell
		"cut\xe9":                   "cut\uFFFD",
		"\xe9\\\"\n":                "\uFFFD" + `\\\"\n`,
		"# EOF\n":                   `# EOF\n`,
		`",partition="0"} 1` + "\n": `\",partition=\"0\"} 1\n`,
	} {
		part := encode(t, value, func(w *Writer) {
			w.Begin(leader)
			w.Int(1, "before", "0")
			w.Int(1, value, value)
			w.Int(1, value, value) // the same string again
		})
		line := `kafka_topic_partition_leader{kafka_cluster="` + written + `",topic="` + written + `",partition="` + written + "\"} 1\n"
		text := render(t, NewPage(order, part), Text, "")
		if !strings.HasSuffix(text, line+line) {
			t.Errorf("%q is written as\n%s\nwant %s", value, text, line)
		}
		labels := parse(t, text)[leader.Name].GetMetric()[1].GetLabel()
		for _, label := range labels {
			if want := strings.ToValidUTF8(value, "\uFFFD"); label.GetValue() != want {
				t.Errorf("label %s reads %q, want %q", label.GetName(), label.GetValue(), want)
			}
		}
	}
}

// FuzzLabelValue holds that whatever stands in a name, the page can be read and
// gives the name back, made valid where it was not.
func FuzzLabelValue(f *testing.F) {
	for _, seed := range []string{"", "t", `\`, "\"\n\\", "\xff\xfe\xfd", "é雪🐫", "\x00\r\t ", `\n`, "a\xc3"} {
		f.Add(seed, seed+"x")
	}
	encoder := NewEncoder()
	f.Fuzz(func(t *testing.T, topic, partition string) {
		part, err := encoder.Encode(partition, func(w *Writer) {
			w.Begin(leader)
			w.Int(1, topic, partition)
			w.Int(2, topic, partition+"2")
		})
		if err != nil {
			t.Fatal(err)
		}
		text := render(t, NewPage(order, part), Text, "")
		if !utf8.ValidString(text) || strings.Count(text, "\n") != 4 {
			t.Fatalf("not four lines of UTF-8: %q", text)
		}
		samples := parse(t, text)[leader.Name].GetMetric()
		for i, suffix := range []string{"", "2"} {
			labels := samples[i].GetLabel()
			for at, want := range []string{partition, topic, partition + suffix} {
				if got := labels[at].GetValue(); got != strings.ToValidUTF8(want, "\uFFFD") {
					t.Errorf("label %d of sample %d: %q, want %q", at, i, got, want)
				}
			}
		}
	})
}

func TestFloats(t *testing.T) {
	for _, c := range []struct {
		value float64
		want  string
	}{
		{0, "0"}, {math.Copysign(0, -1), "0"}, {1, "1"}, {-1, "-1"}, {0.1, "0.1"}, {-2.5, "-2.5"},
		{1_700_000_000, "1700000000"}, {1_700_000_000.25, "1.70000000025e+09"},
		{1 << 53, "9007199254740992"}, {-(1 << 53), "-9007199254740992"}, {1 << 60, "1.152921504606847e+18"},
		{math.MaxFloat64, "1.7976931348623157e+308"}, {math.SmallestNonzeroFloat64, "5e-324"},
		{math.NaN(), "NaN"}, {math.Inf(1), "+Inf"}, {math.Inf(-1), "-Inf"},
	} {
		got := string(appendFloat(nil, c.value))
		if got != c.want {
			t.Errorf("%g is written as %s, want %s", c.value, got, c.want)
		}
		back, err := strconv.ParseFloat(got, 64)
		if err != nil || back != c.value && !math.IsNaN(c.value) {
			t.Errorf("%s reads %v, want %v: %v", got, back, c.value, err)
		}
	}
}

func TestInts(t *testing.T) {
	part := encode(t, "c", func(w *Writer) {
		w.Begin(shrinks)
		w.Int(math.MaxInt64, "max")
		w.Int(math.MinInt64, "min")
		w.Bool(true, "yes")
		w.Bool(false, "no")
	})
	want := `kafka_isr_shrinks_total{kafka_cluster="c",broker="max"} 9223372036854775807
kafka_isr_shrinks_total{kafka_cluster="c",broker="min"} -9223372036854775808
kafka_isr_shrinks_total{kafka_cluster="c",broker="yes"} 1
kafka_isr_shrinks_total{kafka_cluster="c",broker="no"} 0
`
	if got := render(t, NewPage(order, part), Text, ""); !strings.HasSuffix(got, "counter\n"+want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestItoa(t *testing.T) {
	for n := -10; n < 10_000; n++ {
		if got := Itoa(n); got != strconv.Itoa(n) {
			t.Fatalf("Itoa(%d) = %s", n, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Itoa(4095) }); n != 0 {
		t.Errorf("%v allocations for a small number", n)
	}
}

func TestValidNamesAreThoseOfPrometheus(t *testing.T) {
	for _, name := range []string{"a", "_a9", "a:b", "9a", "", "a-b", "a b", "é", "A_Z", "a.b"} {
		if got, want := validName(name, true), model.LegacyValidation.IsValidMetricName(name); got != want {
			t.Errorf("metric name %q: valid %v, want %v", name, got, want)
		}
		if got, want := validName(name, false), model.LegacyValidation.IsValidLabelName(name); got != want {
			t.Errorf("label name %q: valid %v, want %v", name, got, want)
		}
	}
}

package evaluate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStoreKeepsWhatIsNamed: no series and no past that no rule names.
func TestStoreKeepsWhatIsNamed(t *testing.T) {
	w := newWorld(t, `
  - {alert: Now, expr: 'm{a="x"} > 100'}
  - {alert: Past, expr: 'increase(c_total[5m]) > 100'}
  - {alert: Max, expr: 'max_over_time(d[1d]) > 100'}
`)
	for i := range 3 * 240 {
		w.poll(fmt.Sprintf("m/x=%d m/y=1 c_total=%d d=%d other=1", i, i, i/240))
	}
	series, samples := w.e.Size()
	// Of m the last is enough: of each value a run of one. It is kept for the lookback.
	// Of d a run of three values has two ends each.
	if most := 2*21*9/8 + 2*9 + 6; series != 3 || samples > most {
		t.Errorf("%d series and %d samples are kept, want 3 and at most %d", series, samples, most)
	}
	for range 2 * 240 {
		w.poll("other=1")
	}
	if series, samples := w.e.Size(); series != 1 { // d, for a day
		t.Errorf("an hour after all have ended %d series with %d samples are kept", series, samples)
	}
}

// TestThinnedIsTheSame holds that what is left out of runs of equal values changes no
// result: the same rules on a store that keeps everything yield the same.
func TestThinnedIsTheSame(t *testing.T) {
	const rules = `
  - {alert: Max, expr: 'max_over_time(m[10m]) > 2'}
  - {alert: Min, expr: 'min_over_time(m[7m]) < 1'}
  - {alert: Now, expr: 'm > 1'}
`
	random := rand.New(rand.NewPCG(8, 15))
	thin, full := newWorld(t, rules), newWorld(t, rules)
	for _, sel := range full.e.store.selectors["m"] {
		if !sel.thin {
			t.Fatal("a selector of these rules is not thin")
		}
	}
	for i := range full.e.store.selectors["m"] {
		full.e.store.selectors["m"][i].thin = false
	}
	text, kept := "m=0", 0
	for range 3000 {
		switch random.IntN(25) {
		case 0:
			text = fmt.Sprintf("m=%d", random.IntN(4))
		case 1:
			text = "other=0"
		}
		thin.poll(text)
		full.poll(text)
		for _, r := range thin.e.rules {
			a, errA := thin.e.query(context.Background(), r.Expr, thin.at)
			b, errB := full.e.query(context.Background(), r.Expr, full.at)
			if errA != nil || errB != nil || a.String() != b.String() {
				t.Fatalf("%s at %s: thinned %v, whole %v (%v %v)", r.Expr, thin.at, a, b, errA, errB)
			}
		}
		_, n := thin.e.Size()
		kept = max(kept, n)
	}
	if _, n := full.e.Size(); kept >= n {
		t.Errorf("thinned %d samples are kept, whole %d", kept, n)
	}
}

func TestWindows(t *testing.T) {
	for expression, want := range map[string]string{
		"m":                                    "m 5m thin",
		"m offset 30m":                         "m 35m",
		"rate(m[5m])":                          "m 5m",
		"max_over_time(m[1d])":                 "m 24h thin",
		"max_over_time(m[1d] offset 1h)":       "m 25h",
		"sum(min_over_time(m[2m])) by (a)":     "m 2m thin",
		"max_over_time(m[1h:1m])":              "m 1h5m",
		"count_over_time(rate(m[2m])[30m:2m])": "m 32m",
		"m > on (a) n":                         "m 5m thin, n 5m thin",
		"vector(1)":                            "",
		"time() - m":                           "m 5m thin",
	} {
		found, err := selectorsOf(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		}
		var got []string
		for _, s := range found {
			text := s.metric + " " + shortly(s.window)
			if s.thin {
				text += " thin"
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s reads %s, want %s", expression, got, want)
		}
	}
}

func shortly(d time.Duration) string {
	text := strings.TrimSuffix(d.String(), "0s")
	return strings.TrimSuffix(text, "0m") + map[bool]string{true: "0m"}[strings.HasSuffix(text, "30m")]
}

func TestRefusedRules(t *testing.T) {
	for rules, want := range map[string]string{
		"{alert: A, expr: 'm >'}":                                     "could not parse expression",
		"{alert: A, expr: '{a=\"b\"} > 0'}":                           "name the metric",
		"{alert: A, expr: 'm @ 5 > 0'}":                               "@ modifier",
		"{alert: A, expr: 'sum_over_time(m[5m:1m] @ end()) > 0'}":     "@ modifier",
		"{record: r, expr: m}":                                        "recording rules are not supported",
		"{alert: A, expr: m, annotations: {a: '{{ query \"n(\" }}'}}": `query "n(" of a template`,
		"{alert: A, expr: m, labels: {a: '{{ $none }}'}}":             "undefined variable",
		"{alert: A, exprs: m}":                                        "exprs",
	} {
		_, err := Parse("my.yml", []byte("groups:\n- name: g\n  rules:\n  - "+rules+"\n"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "rule file my.yml: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line that says %q", rules, err, want)
		}
	}
	_, err := Parse("my.yml", []byte("groups:\n- name: g\n  limit: 3\n  rules: [{alert: A, expr: m}]\n"))
	if err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("a limit: %v", err)
	}
}

func TestSelectIsSortedWhenAsked(t *testing.T) {
	w := newWorld(t, "  - {alert: A, expr: m > 0}\n")
	w.poll("m/c=1 m/a=1 m/b=1")
	q, err := w.e.store.Querier(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	set := q.Select(context.Background(), true, nil, w.e.store.selectors["m"][0].matchers...)
	var got []string
	for set.Next() {
		got = append(got, set.At().Labels().Get("a"))
	}
	if !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Error(got)
	}
}

//go:build cluster

package acceptance

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// samples are the values of one scrape by series, kafka_cluster left out of the
// name: `kafka_broker_up{broker="0"}`.
type samples struct {
	at     time.Time
	took   time.Duration
	values map[string]float64
	names  map[string]bool // families that have samples
}

func (p *program) scrape() (samples, error) { return p.scrapeOf("") }

// scrapeOf is scrape of one of several clusters.
func (p *program) scrapeOf(cluster string) (samples, error) {
	begun := time.Now()
	text, err := p.get("/metrics")
	s := samples{at: begun, took: time.Since(begun), values: map[string]float64{}, names: map[string]bool{}}
	if err != nil {
		return s, err
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return s, fmt.Errorf("the exposition does not parse: %w", err)
	}
	for name, family := range families {
		for _, m := range family.Metric {
			var labels []string
			other := false
			for _, l := range m.Label {
				if l.GetName() != "kafka_cluster" {
					labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
				} else {
					other = cluster != "" && l.GetValue() != cluster
				}
			}
			if other {
				continue
			}
			sort.Strings(labels)
			key := name
			if len(labels) > 0 {
				key += "{" + strings.Join(labels, ",") + "}"
			}
			s.names[name] = true
			s.values[key] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
		}
	}
	return s, nil
}

// lacks returns what is not as wanted, nil when all is. See program.shows for the
// notation.
func (s samples) lacks(want ...string) error {
	var wrong []string
	for _, w := range want {
		if series, absent := strings.CutPrefix(w, "!"); absent {
			if strings.Contains(series[strings.LastIndexByte(series, '}')+1:], " ") {
				panic(w + ": what must be absent has no value")
			}
			if v, there := s.values[series]; there {
				wrong = append(wrong, fmt.Sprintf("%s is %v, want none", series, v))
			} else if s.names[series] {
				wrong = append(wrong, fmt.Sprintf("%s has samples, want none", series))
			}
			continue
		}
		i := strings.LastIndexByte(w, ' ')
		text, more := strings.CutPrefix(w[i+1:], ">")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			panic(err)
		}
		series := w[:i]
		if got, there := s.values[series]; !there {
			wrong = append(wrong, series+" is absent, want "+w[i+1:])
		} else if got != value && !more || more && got <= value {
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %s", series, got, w[i+1:]))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(wrong, "; "))
}

// timed are families whose values differ from poll to poll by nature.
var timed = []string{
	"kafka_broker_response_seconds", "kafka_consumergroup_lag_seconds", "kafka_consumergroup_max_lag_seconds", "kafka_consumergroup_status",
}

// differ returns the series of the families with this prefix that are not the same
// in both samples.
func (s samples) differ(other samples, prefix string) (moved []string) {
	family := func(series string) string { name, _, _ := strings.Cut(series, "{"); return name }
	for _, both := range [][2]samples{{s, other}, {other, s}} {
		for series, value := range both[0].values {
			if is, there := both[1].values[series]; strings.HasPrefix(series, prefix) && !slices.Contains(timed, family(series)) && (!there || is != value) {
				moved = append(moved, series)
			}
		}
	}
	slices.Sort(moved)
	return slices.Compact(moved)
}

// more writes a want of a counter that has grown by n since this sample.
func (s samples) more(series string, n int) string {
	return fmt.Sprintf("%s %v", series, s.values[series]+float64(n))
}

// no writes that the series of a want must be absent, whatever its value.
func no(want string) string { return "!" + want[:strings.LastIndexByte(want, ' ')] }

// part writes a want of a series of topic "test".
func part(name string, partition, value int) string {
	return fmt.Sprintf(`%s{partition="%d",topic="test"} %d`, name, partition, value)
}

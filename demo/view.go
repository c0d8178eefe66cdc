package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// view is what evenkeel's API says of the cluster, as far as the story needs it.
type view struct {
	Verdict  string
	Troubles []struct{ Severity, Text string }
	Ensemble struct {
		Servers []struct{ Name, Mode string }
	} `json:"zookeeper"`
	Brokers []struct {
		ID     int
		Status string
		Ratio  *float64 `json:"leader_imbalance_ratio"`
	}
	Topics map[string][]struct {
		Leader *int
		ISR    []int
	}
	Groups map[string]struct {
		Members int
		Topics  map[string][]struct{ Lag *int64 }
	}
}

// await waits until evenkeel's view is as wanted.
func (w *watched) await(ctx context.Context, want func(view) bool) (view, error) {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	var last error
	for {
		v, err := w.look(ctx)
		if err == nil && want(v) {
			return v, nil
		}
		last = err
		select {
		case <-ctx.Done():
			if last == nil {
				last = fmt.Errorf("it saw instead:\n%s", v)
			}
			return v, fmt.Errorf("%w: %w", ctx.Err(), last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (w *watched) look(ctx context.Context) (view, error) {
	var v view
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/api/v1/clusters/demo", nil)
	if err != nil {
		return v, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return v, err
	}
	defer res.Body.Close()
	return v, json.NewDecoder(res.Body).Decode(&v)
}

// leaders returns the leaders of the partitions of topic "test", in their order.
func (v view) leaders() string {
	var all []string
	for _, p := range v.Topics["test"] {
		if p.Leader == nil {
			all = append(all, "unknown")
		} else {
			all = append(all, fmt.Sprint(*p.Leader))
		}
	}
	return strings.Join(all, " ")
}

// isr returns the sizes of their ISRs.
func (v view) isr() string {
	var all []string
	for _, p := range v.Topics["test"] {
		all = append(all, fmt.Sprint(len(p.ISR)))
	}
	return strings.Join(all, " ")
}

func (v view) lag() string {
	sum := int64(0)
	partitions := v.Groups["demo"].Topics["test"]
	for _, p := range partitions {
		if p.Lag == nil {
			return "unknown"
		}
		sum += *p.Lag
	}
	if len(partitions) == 0 {
		return "unknown"
	}
	return fmt.Sprint(sum)
}

func (v view) status(broker int) string {
	for _, b := range v.Brokers {
		if b.ID == broker {
			return b.Status
		}
	}
	return ""
}

// ratio returns a broker's imbalance, -1 when it is unknown.
func (v view) ratio(broker int) float64 {
	for _, b := range v.Brokers {
		if b.ID == broker && b.Ratio != nil {
			return *b.Ratio
		}
	}
	return -1
}

func (v view) mode(server string) string {
	for _, s := range v.Ensemble.Servers {
		if s.Name == server {
			return s.Mode
		}
	}
	return ""
}

func (v view) zkLeader() string {
	for _, s := range v.Ensemble.Servers {
		if s.Mode == "leader" {
			return s.Name
		}
	}
	return ""
}

func (v view) String() string {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "             %-10s %s\n", what, fmt.Sprintf(format, args...))
	}
	var modes, brokers []string
	for _, s := range v.Ensemble.Servers {
		modes = append(modes, s.Mode)
	}
	for _, x := range v.Brokers {
		ratio := "unknown"
		if x.Ratio != nil {
			ratio = fmt.Sprintf("%.0f %%", *x.Ratio*100)
		}
		brokers = append(brokers, fmt.Sprintf("%d %s, imbalance %s", x.ID, x.Status, ratio))
	}
	line("zookeeper", "%s", strings.Join(modes, ", "))
	line("brokers", "%s", strings.Join(brokers, "; "))
	line("test", "leaders [%s], ISR sizes [%s]", v.leaders(), v.isr())
	line("lag", "group demo: %s", v.lag())
	for _, t := range v.Troubles {
		line(t.Severity, "%s", t.Text)
	}
	return strings.TrimRight(b.String(), "\n")
}

package evaluate

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// shortNames are what templates of alerts may use, as in a Prometheus server.
const shortNames = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// World is what templates see beside an alert.
type World struct {
	ExternalURL    *url.URL // nil where there is none
	ExternalLabels map[string]string
}

// expander expands the templates of one rule at one time.
type expander struct {
	world World
	at    time.Time
	ask   template.QueryFunc
	query func(q string) // of dry
}

// text expands a template for an alert. One that fails says so in its place: an alert
// without a word is worth more than none.
func (x *expander) text(ctx context.Context, alert, text string, data any) string {
	where := x.world.ExternalURL
	if where == nil {
		where = &url.URL{}
	}
	out, err := template.NewTemplateExpander(ctx, shortNames+text, "__alert_"+alert, data, model.TimeFromUnixNano(x.at.UnixNano()), x.ask, where, nil).Expand()
	if err != nil {
		return fmt.Sprintf("<error expanding template: %v>", err)
	}
	return out
}

// dry expands a template with nothing known, and tells the queries that it makes.
func (x *expander) dry(alert, text string) {
	x.ask = func(_ context.Context, q string, _ time.Time) (promql.Vector, error) {
		x.query(q)
		return nil, nil
	}
	x.text(context.Background(), alert, text, template.AlertTemplateData(map[string]string{}, map[string]string{}, "", promql.Sample{}))
}

// data is what the templates of an alert see of it.
func (x *expander) data(s promql.Sample) any {
	where := ""
	if x.world.ExternalURL != nil {
		where = x.world.ExternalURL.String()
	}
	return template.AlertTemplateData(s.Metric.Map(), x.world.ExternalLabels, where, s)
}

//go:build cluster

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
)

// No Grafana server can be had here. So that people see before they import what a dashboard
// has, this draws its panels where its JSON puts them, with what a real Prometheus server
// answers to their queries, and says that it is a preview.

type previewPanel struct {
	Type, Title string
	GridPos     struct{ X, Y, W, H int }
	Targets     []struct{ RefID, Expr, LegendFormat string }
	FieldConfig struct {
		Defaults struct {
			Unit     string
			Mappings []struct{ Options map[string]json.RawMessage }
		}
		Overrides []struct {
			Matcher    struct{ Options any }
			Properties []struct {
				ID    string
				Value any
			}
		}
	}

	Lines []previewLine
	Rows  [][]string
}

type previewLine struct{ Name, Text, Path string }

var previewPage = template.Must(template.New("").Parse(`<!DOCTYPE html><meta charset="utf-8"><style>
body { margin: 0; font: 13px system-ui, sans-serif; background: #f4f5f5; color: #222; position: relative; }
h1 { margin: 0; padding: 8px; font-size: 14px; background: #fff3cd; height: 24px; white-space: nowrap; }
div { position: absolute; background: #fff; border: 1px solid #ddd; overflow: hidden; padding: 4px 8px; box-sizing: border-box; }
div.row { background: none; border: 0; } b { display: block; } span.stat { font-size: 22px; } td, th { text-align: left; padding: 1px 10px 1px 0; }
svg { width: 100%; height: 55%; display: block; } path { fill: none; stroke: #1f60c4; vector-effect: non-scaling-stroke; }
</style><h1>{{.Title}}: a preview, drawn by evenkeel's tests from the JSON and a real Prometheus server's answers; it is not Grafana</h1>
{{range .Panels}}<div class="{{.Type}}" style="left:{{.Left}}px;top:{{.Top}}px;width:{{.Width}}px;height:{{.Height}}px"><b>{{.Title}}</b>
{{if eq .Type "table"}}<table>{{range $i, $row := .Rows}}<tr>{{range $row}}{{if $i}}<td>{{.}}</td>{{else}}<th>{{.}}</th>{{end}}{{end}}</tr>{{end}}</table>
{{else if eq .Type "stat"}}{{range .Lines}}<span class="stat">{{.Text}}</span> {{.Name}} {{else}}<span class="stat">unknown</span>{{end}}
{{else if ne .Type "row"}}<svg viewBox="0 0 100 100" preserveAspectRatio="none">{{range .Lines}}<path d="{{.Path}}"/>{{end}}</svg>{{range .Lines}}{{.Name}}: {{.Text}} &nbsp; {{end}}{{end}}</div>
{{end}}`))

func (p previewPanel) Left() int   { return 50 * p.GridPos.X }
func (p previewPanel) Top() int    { return 44 + 30*p.GridPos.Y }
func (p previewPanel) Width() int  { return 50*p.GridPos.W - 6 }
func (p previewPanel) Height() int { return 30*p.GridPos.H - 6 }

// previews draws every dashboard into docs/images, where WRITE_DOCS asks for it.
func previews(ctx context.Context, t *testing.T, prometheus *service) {
	t.Helper()
	if os.Getenv("WRITE_DOCS") == "" {
		return
	}
	browser := startBrowser(ctx, t)
	files, err := filepath.Glob("../dashboards/*.json")
	must(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		must(t, err)
		var d struct {
			Title  string
			Panels []previewPanel
		}
		must(t, json.Unmarshal(data, &d))
		for i := range d.Panels {
			prometheus.fill(t, &d.Panels[i])
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			must(t, previewPage.Execute(w, d))
		}))
		height := 0
		for _, p := range d.Panels {
			height = max(height, p.Top()+p.Height()+6)
		}
		tab := openTab(browser, t, d.Title, server.URL, 1200, false)
		tab.do(command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 1200, Height: int64(height), DeviceScaleFactor: 1}))
		tab.shoot("dashboard-" + strings.TrimPrefix(strings.TrimSuffix(filepath.Base(file), ".json"), "evenkeel-"))
		server.Close()
	}
}

// fill asks for what a panel shows.
func (s *service) fill(t *testing.T, p *previewPanel) {
	t.Helper()
	variables := strings.NewReplacer("$__rate_interval", "10s", "$job", ".*", "$kafka_cluster", ".*", "$consumergroup", ".*")
	rows := map[string]map[string]string{} // by the labels
	for _, target := range p.Targets {
		for _, series := range s.series(t, variables.Replace(target.Expr)) {
			last := series.Values[len(series.Values)-1]
			name := target.LegendFormat
			key := []string{}
			for _, label := range slices.Sorted(maps.Keys(series.Metric)) {
				name = strings.ReplaceAll(name, "{{"+label+"}}", series.Metric[label])
				key = append(key, series.Metric[label])
			}
			if name == "__auto" {
				name = strings.Join(key, " ")
			}
			p.Lines = append(p.Lines, previewLine{name, p.word(last[1].(string)), draw(series.Values)})
			row := strings.Join(key, "  ")
			if rows[row] == nil {
				rows[row] = map[string]string{}
			}
			rows[row]["Value #"+target.RefID] = p.word(last[1].(string))
		}
	}
	if p.Type == "table" {
		p.tabulate(rows)
	}
}

func (p *previewPanel) tabulate(rows map[string]map[string]string) {
	names := map[string]string{}
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if property.ID == "displayName" {
				names[fmt.Sprint(o.Matcher.Options)] = fmt.Sprint(property.Value)
			}
		}
	}
	head := []string{""}
	for _, target := range p.Targets {
		head = append(head, names["Value #"+target.RefID])
	}
	p.Rows = [][]string{head}
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		row := []string{key}
		for _, target := range p.Targets {
			row = append(row, rows[key]["Value #"+target.RefID])
		}
		p.Rows = append(p.Rows, row)
	}
}

// word is a value as the panel words or rounds it.
func (p *previewPanel) word(value string) string {
	for _, m := range p.FieldConfig.Defaults.Mappings {
		var to struct{ Text string }
		if raw, ok := m.Options[value]; ok && json.Unmarshal(raw, &to) == nil && to.Text != "" {
			return to.Text
		}
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return value
	}
	unit := map[string]string{"s": " s", "percentunit": " of 1", "ms": " ms"}[p.FieldConfig.Defaults.Unit]
	return strconv.FormatFloat(v, 'g', 3, 64) + unit
}

// draw makes a path of a hundred by a hundred of a series.
func draw(values [][2]any) string {
	least, most, ys := 0.0, 1.0, []float64{}
	for _, v := range values {
		y, _ := strconv.ParseFloat(v[1].(string), 64)
		ys = append(ys, y)
		least, most = min(least, y), max(most, y)
	}
	var path strings.Builder
	for i, y := range ys {
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], 100*float64(i)/float64(max(len(ys)-1, 1)), 98-96*(y-least)/(most-least))
	}
	return path.String()
}

type previewSeries struct {
	Metric map[string]string
	Values [][2]any
}

// series asks for the last minute of a query.
func (s *service) series(t *testing.T, expr string) []previewSeries {
	t.Helper()
	now := time.Now().Unix()
	res, err := http.Get(fmt.Sprintf("%s/api/v1/query_range?step=1&start=%d&end=%d&query=%s", s.url, now-60, now, url.QueryEscape(expr)))
	must(t, err)
	defer res.Body.Close()
	var answer struct {
		Data struct{ Result []previewSeries }
	}
	must(t, json.NewDecoder(res.Body).Decode(&answer))
	return answer.Data.Result
}

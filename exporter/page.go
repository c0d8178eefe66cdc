package exporter

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"unknown": unknown,
	"percent": func(ratio *float64) string {
		if ratio == nil {
			return "–"
		}
		return fmt.Sprintf("%.0f %%", *ratio*100)
	},
	"millis": func(seconds *float64) string {
		if seconds == nil {
			return "unknown"
		}
		return fmt.Sprintf("%.1f ms", *seconds*1000)
	},
	"age":     age,
	"flag":    func(v *bool) bool { return v != nil && *v },
	"members": members,
	"mark":    mark,
	"clock":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
}).Parse(pageHTML))

// unknown prints what a pointer points to, and "unknown" for nil.
func unknown(v any) string {
	switch v := v.(type) {
	case *int:
		if v != nil {
			return fmt.Sprint(*v)
		}
	case *int32:
		if v != nil {
			return fmt.Sprint(*v)
		}
	case *int64:
		if v != nil {
			return fmt.Sprint(*v)
		}
	case *bool:
		if v != nil && *v {
			return "yes"
		}
		if v != nil {
			return "no"
		}
	}
	return "unknown"
}

type pageData struct {
	Version  string
	Now      time.Time
	Clusters []pageCluster
}

// pageCluster is a cluster with a look at its groups and elections.
type pageCluster struct {
	apiCluster
	Groups pageGroups
	Runs   *pageRuns
}

// servePage shows what the snapshots say to a person, what is wrong first.
func (e *Exporter) servePage(w http.ResponseWriter, _ *http.Request) {
	data := pageData{Version: e.opts.Version, Now: time.Now()}
	for _, watcher := range e.all() {
		c := pageCluster{apiCluster: describe(watcher, data.Now, false)}
		if p, fresh := watcher.fresh(data.Now); fresh {
			c.Groups = groupsForPage(p.snapshot, watcher.cfg.Topics.Match)
			c.Runs = runsForPage(watcher, data.Now)
		}
		data.Clusters = append(data.Clusters, c)
	}
	var buf bytes.Buffer
	if err := pageTemplate.Execute(&buf, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(buf.Bytes()) // a reader that went away is its own affair
}

package exporter

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/evenkeel/evenkeel/alerts"
	"github.com/evenkeel/evenkeel/cluster"
)

// The page is made of templates; a browser with JavaScript keeps it fresh and draws charts.
var (
	//go:embed page/*.html
	pageFiles embed.FS
	//go:embed page/*.css page/*.js page/*.svg
	pageAssets embed.FS

	pageTemplate = template.Must(template.New("").Funcs(pageFuncs).ParseFS(pageFiles, "page/*.html"))
)

// refreshEvery is how often a browser asks for the page anew, in seconds.
const refreshEvery = 5

// pageData is what the page is made of: an overview of several clusters, or one of them.
type pageData struct {
	Version string
	Root    string // how a link leads to /, so that a proxy may put a path before it
	Title   string
	Now     time.Time
	Refresh int
	Names   []string     // of all clusters, where there are several
	All     []pageLine   // the overview; nil on the page of one cluster
	Cluster *pageCluster // nil on the overview
}

// servePage shows the one cluster that there is, or an overview of several.
func (e *Exporter) servePage(w http.ResponseWriter, _ *http.Request) {
	watchers := e.all()
	data := e.newPage("", watchers)
	if len(watchers) == 1 {
		data.show(e.clusterPage(watchers[0], data.Now))
	} else {
		data.All, data.Title = overview(watchers, data.Now), "evenkeel"
		for _, line := range data.All {
			if line.Heading() == cluster.Broken.String() {
				data.Title = "critical: " + line.Name
				break
			}
		}
	}
	data.write(w)
}

// serveClusterPage shows one of several clusters.
func (e *Exporter) serveClusterPage(w http.ResponseWriter, r *http.Request) {
	if watcher := e.named(w, r); watcher != nil {
		data := e.newPage("../", e.all())
		data.show(e.clusterPage(watcher, data.Now))
		data.write(w)
	}
}

func (e *Exporter) newPage(root string, watchers []*watcher) *pageData {
	data := &pageData{Version: e.opts.Version, Root: root, Now: time.Now(), Refresh: refreshEvery}
	if len(watchers) > 1 {
		for _, w := range watchers {
			data.Names = append(data.Names, w.cfg.Name)
		}
	}
	return data
}

func (d *pageData) show(c *pageCluster) {
	d.Cluster, d.Title = c, c.Heading()+": "+c.Name
}

func (d *pageData) write(w http.ResponseWriter) {
	var buf bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&buf, "page.html", d); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(buf.Bytes()) // a reader that went away is its own affair
}

// serveAsset serves what the page is drawn with. It is part of the program, so a browser
// asks again only after a while.
func serveAsset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=300")
	http.ServeFileFS(w, r, pageAssets, "page/"+r.PathValue("name"))
}

// runbookPath is where the runbook of an alert is, seen from /; "" for an alert without.
func runbookPath(alert string) string {
	if _, ok := alerts.Runbook(alert); !ok {
		return ""
	}
	return "runbooks/" + url.PathEscape(alert)
}

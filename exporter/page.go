package exporter

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
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
	"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
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

// pageCluster is a cluster with its groups that are furthest behind.
type pageCluster struct {
	apiCluster
	Groups     []pageGroup
	MoreGroups int // that are not shown
}

type pageGroup struct {
	Group, Topic string
	Members      *int
	Lag          *int64
}

// shownGroups is how many groups the page shows.
const shownGroups = 20

// worstGroups returns a row for each group and topic, unknown lags first and then
// the greatest.
func worstGroups(s *cluster.Snapshot) (rows []pageGroup, more int) {
	groups, ok := s.Groups.Get()
	if !ok {
		return nil, 0
	}
	picture, _ := s.Picture.Get() // groups are read with the picture only
	for i := range groups.Groups {
		g := &groups.Groups[i]
		for j := range g.Topics {
			t := &g.Topics[j]
			if len(t.Commits) == 0 {
				continue
			}
			rows = append(rows, pageGroup{
				Group: g.Name, Topic: t.Topic, Members: known(g.Members, g.Members != cluster.UnknownMembers),
				Lag: known(t.LagSum(picture.Topic(t.Topic))),
			})
		}
	}
	slices.SortFunc(rows, func(a, b pageGroup) int {
		return cmp.Or(cmp.Compare(b.rank(), a.rank()), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Topic, b.Topic))
	})
	if len(rows) > shownGroups {
		rows, more = rows[:shownGroups], len(rows)-shownGroups
	}
	return rows, more
}

func (g pageGroup) rank() int64 {
	if g.Lag == nil {
		return math.MaxInt64
	}
	return *g.Lag
}

// servePage shows what the snapshots say to a person, what is wrong first.
func (e *Exporter) servePage(w http.ResponseWriter, _ *http.Request) {
	data := pageData{Version: e.opts.Version, Now: time.Now()}
	for _, watcher := range e.all() {
		c := pageCluster{apiCluster: describe(watcher, data.Now, false)}
		if p, fresh := watcher.fresh(data.Now); fresh {
			c.Groups, c.MoreGroups = worstGroups(p.snapshot)
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

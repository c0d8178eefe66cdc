// Package dashboards_test holds the dashboards for Grafana: that they ask for what there
// is, and that they can be imported and read.
package dashboards_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

type dashboard struct {
	UID, Title, Description string
	SchemaVersion           int
	Editable                bool
	Tags                    []string
	Panels                  []panel
	Annotations             struct{ List []target }
	Links                   []struct{ Title, Type, URL string }
	Templating              struct {
		List []struct {
			Name, Label, Type, Definition string
			Query                         json.RawMessage // a text, or an object with one
			Refresh                       int
			Multi, IncludeAll             bool
			AllValue                      *string
			Datasource                    source
		}
	}
}

type source struct{ Type, UID string }

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []target
	FieldConfig              struct {
		Defaults struct {
			Unit, NoValue string
			Mappings      []struct{ Type string }
		}
		Overrides []struct {
			Properties []struct {
				ID    string
				Value any
			}
		}
	}
	Links []struct{ URL string }
}

type target struct {
	Name, Expr string
	Datasource source
	TextFormat string
}

func load(t *testing.T) map[string]*dashboard {
	t.Helper()
	files, err := filepath.Glob("*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("%v %v", files, err)
	}
	all := map[string]*dashboard{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := &dashboard{}
		if err := json.Unmarshal(data, d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if d.UID+".json" != file {
			t.Errorf("%s has the uid %s", file, d.UID)
		}
		all[file] = d
	}
	return all
}

// TestEveryPanelSaysWhatItIs: a title, what good looks like, a unit, and unknown as such.
func TestEveryPanelSaysWhatItIs(t *testing.T) {
	for file, d := range load(t) {
		ids := map[int]bool{}
		for _, p := range d.Panels {
			where := fmt.Sprintf("%s: %d %q", file, p.ID, p.Title)
			if ids[p.ID] || p.Title == "" {
				t.Errorf("%s: its id or its title", where)
			}
			ids[p.ID] = true
			if p.Type == "row" {
				continue
			}
			f := p.FieldConfig.Defaults
			if p.Description == "" || f.Unit == "" || f.NoValue != "unknown" || len(p.Targets) == 0 {
				t.Errorf("%s: it lacks a description, a unit, a word for no value or a query", where)
			}
			unknown := false
			for _, m := range f.Mappings {
				unknown = unknown || m.Type == "special"
			}
			if !unknown {
				t.Errorf("%s: unknown has no colour of its own", where)
			}
			for _, s := range append([]source{p.Datasource}, p.Targets[0].Datasource) {
				if s.UID != "${datasource}" || s.Type != "prometheus" {
					t.Errorf("%s: the data source is %v", where, s)
				}
			}
			if !slices.Contains([]string{"stat", "timeseries", "table", "state-timeline"}, p.Type) {
				t.Errorf("%s: Grafana 9 has no %s", where, p.Type)
			}
		}
	}
}

// TestPanelsDoNotOverlap, and stay within Grafana's 24 columns.
func TestPanelsDoNotOverlap(t *testing.T) {
	for file, d := range load(t) {
		for i, p := range d.Panels {
			a := p.GridPos
			if a.X < 0 || a.W < 1 || a.H < 1 || a.X+a.W > 24 {
				t.Errorf("%s: %q stands at %+v", file, p.Title, a)
			}
			for _, o := range d.Panels[:i] {
				b := o.GridPos
				if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
					t.Errorf("%s: %q and %q overlap", file, p.Title, o.Title)
				}
			}
		}
	}
}

// TestDashboardsCanBeImported: by Grafana from 9 on, with any data source.
func TestDashboardsCanBeImported(t *testing.T) {
	uids, titles := map[string]bool{}, map[string]bool{}
	for file, d := range load(t) {
		if d.SchemaVersion != 36 { // of Grafana 9.0; later ones migrate it
			t.Errorf("%s: schema version %d", file, d.SchemaVersion)
		}
		if uids[d.UID] || titles[d.Title] || d.Description == "" || !slices.Contains(d.Tags, "evenkeel") || len(d.Annotations.List) < 5 {
			t.Errorf("%s: uid, title, description, tags or annotations", file)
		}
		uids[d.UID], titles[d.Title] = true, true
		var names []string
		for _, v := range d.Templating.List {
			names = append(names, v.Name)
			if v.Type == "query" && v.Datasource.UID != "${datasource}" || v.IncludeAll && (v.AllValue == nil || *v.AllValue != ".*") {
				t.Errorf("%s: variable %s", file, v.Name)
			}
		}
		if len(names) < 3 || !slices.Equal(names[:3], []string{"datasource", "job", "kafka_cluster"}) {
			t.Errorf("%s: variables %v", file, names)
		}
		if len(d.Links) != 2 {
			t.Errorf("%s: links to the others and to the runbooks: %v", file, d.Links)
		}
	}
}

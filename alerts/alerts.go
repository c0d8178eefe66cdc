// Package alerts holds the alert rules and their runbooks, as they are built in: the same
// files serve a Prometheus server and evenkeel's own evaluator.
package alerts

import (
	"embed"
	"fmt"
	"io/fs"

	"go.yaml.in/yaml/v3"
)

//go:embed *.yml runbooks/*.md
var files embed.FS

// serverOnly are rules that only a Prometheus server can evaluate.
const serverOnly = "absent.yml"

// File is a file of rules in Prometheus' format.
type File struct {
	Name    string // without a directory
	Content []byte // the caller's
}

// Files returns all rule files, for a Prometheus server, in the order of their names.
func Files() []File {
	names, err := fs.Glob(files, "*.yml")
	if err != nil {
		panic(err) // the pattern is right
	}
	all := make([]File, 0, len(names))
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("built-in file %s: %v", name, err)) // it is embedded
		}
		all = append(all, File{Name: name, Content: content})
	}
	return all
}

// Evaluable returns the rule files that evenkeel can evaluate itself: all but those that
// tell of its own absence.
func Evaluable() []File {
	var all []File
	for _, f := range Files() {
		if f.Name != serverOnly {
			all = append(all, f)
		}
	}
	return all
}

// Joined returns all rules as one file, with their comments.
func Joined() ([]byte, error) {
	var all struct {
		Groups []yaml.Node `yaml:"groups"`
	}
	for _, f := range Files() {
		var one struct {
			Groups []yaml.Node `yaml:"groups"`
		}
		if err := yaml.Unmarshal(f.Content, &one); err != nil {
			return nil, fmt.Errorf("rules %s: %w", f.Name, err)
		}
		all.Groups = append(all.Groups, one.Groups...)
	}
	return yaml.Marshal(all)
}

// Runbook returns the runbook of an alert, in Markdown; false when there is none.
func Runbook(alert string) (page []byte, ok bool) {
	name := "runbooks/" + alert + ".md"
	if !fs.ValidPath(name) {
		return nil, false
	}
	page, err := files.ReadFile(name)
	return page, err == nil
}

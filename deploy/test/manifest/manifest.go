// Package manifest reads the objects of Kubernetes that deploy/ has, and judges them.
package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// Object is a manifest.
type Object struct {
	From    string // file, or template
	Content map[string]any
	JSON    []byte
}

// At follows keys and indexes.
func (o Object) At(keys ...any) any { return At(o.Content, keys...) }

func At(v any, keys ...any) any {
	for _, key := range keys {
		switch k := key.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

// Text is a text at a place; empty where there is none.
func (o Object) Text(keys ...any) string { s, _ := o.At(keys...).(string); return s }
func (o Object) List(keys ...any) []any  { l, _ := o.At(keys...).([]any); return l }
func (o Object) Kind() string            { return o.Text("kind") }
func (o Object) Name() string            { return o.Text("metadata", "name") }

func Read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// separator is the line between two documents.
var separator = regexp.MustCompile(`(?m)^---\s*$`)

// Parse reads all documents of a file; a key twice is a mistake.
func Parse(t testing.TB, from string, data []byte) []Object {
	t.Helper()
	var all []Object
	for _, document := range separator.Split(string(data), -1) {
		text, err := yaml.YAMLToJSONStrict([]byte(document))
		if err != nil {
			t.Fatalf("%s: %v\n%s", from, err, document)
		}
		if string(text) == "null" {
			continue
		}
		o := Object{From: from, JSON: text}
		if err := json.Unmarshal(text, &o.Content); err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		all = append(all, o)
	}
	return all
}

func Kinds(objects []Object) string {
	count := map[string]int{}
	for _, o := range objects {
		count[o.Kind()]++
	}
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		all = append(all, fmt.Sprintf("%s %d", kind, count[kind]))
	}
	return strings.Join(all, ", ")
}

// ValueFiles are the names of the settings that the chart is rendered with.
func ValueFiles(t testing.TB, directory string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%s: %v %v", directory, files, err)
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), ".yaml")
	}
	return files
}

// Sum is a checksum over all files below directories.
func Sum(t testing.TB, directories ...string) string {
	t.Helper()
	hash := sha256.New()
	for _, directory := range directories {
		err := filepath.WalkDir(directory, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			relative, _ := filepath.Rel(directory, path)
			fmt.Fprintf(hash, "%s %d\n%s", relative, len(data), data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
}

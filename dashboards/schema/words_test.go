package schema_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

const sdk = "github.com/grafana/grafana-foundation-sdk/go"

// words returns the values of each enumeration of a package of Grafana's types, as its
// source spells them. The types themselves accept any word: only their source names those
// that there are.
var words = func() func(path string) (map[string][]string, error) {
	var mu sync.Mutex
	read := map[string]map[string][]string{}
	return func(path string) (map[string][]string, error) {
		mu.Lock()
		defer mu.Unlock()
		if read[path] != nil {
			return read[path], nil
		}
		dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", path).Output()
		if err != nil {
			return nil, fmt.Errorf("where %s lies: %w", path, err)
		}
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "types_gen.go"))
		if err != nil || len(files) != 1 {
			return nil, fmt.Errorf("the types of %s: %v %w", path, files, err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), files[0], nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		all := map[string][]string{}
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, spec := range d.Specs {
					s := spec.(*ast.ValueSpec)
					name, named := s.Type.(*ast.Ident)
					value, literal := s.Values[0].(*ast.BasicLit)
					if named && literal {
						all[name.Name] = append(all[name.Name], value.Value)
					}
				}
			}
		}
		read[path] = all
		return all, nil
	}
}()

// unknownWords says which values of enumerations are none of them.
func unknownWords(where string, v reflect.Value) (found []string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return unknownWords(where, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				found = append(found, unknownWords(strings.TrimSuffix(where+"."+name, "."), v.Field(i))...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			found = append(found, unknownWords(fmt.Sprintf("%s[%d]", where, i), v.Index(i))...)
		}
	case reflect.String, reflect.Int64:
		t := v.Type()
		if !strings.HasPrefix(t.PkgPath(), sdk) || v.IsZero() { // the empty word is a field left out
			return nil
		}
		all, err := words(t.PkgPath())
		if err != nil {
			return []string{err.Error()}
		}
		spelled := fmt.Sprintf("%#v", v.Interface())
		if known := all[t.Name()]; len(known) > 0 && !slices.Contains(known, spelled) {
			return []string{fmt.Sprintf("%s: %s is none of %s", strings.TrimPrefix(where, "."), spelled, strings.Join(known, ", "))}
		}
	}
	return found
}

// overrides holds what the schema leaves open: the values that a column has of its own.
func overrides(d *dashboard.Dashboard) (found []string) {
	for i, p := range d.Panels {
		if p.Panel == nil || p.Panel.FieldConfig == nil {
			continue
		}
		for j, o := range p.Panel.FieldConfig.Overrides {
			for k, property := range o.Properties {
				where := fmt.Sprintf("panels[%d].fieldConfig.overrides[%d].properties[%d].value", i, j, k)
				data, err := json.Marshal(property.Value)
				if err == nil {
					err = strictly(property.Id, data)
				}
				if err != nil {
					found = append(found, where+": "+err.Error())
				}
			}
		}
	}
	return found
}

// ofColumns are the properties that columns of the dashboards have of their own, with the
// types that the schema gives them as defaults of a panel.
var ofColumns = map[string]func(data []byte) error{
	"displayName":        func(data []byte) error { return json.Unmarshal(data, new(string)) },
	"unit":               func(data []byte) error { return json.Unmarshal(data, new(string)) },
	"custom.displayMode": func(data []byte) error { return json.Unmarshal(data, new(string)) },
	"thresholds": func(data []byte) error {
		c := dashboard.ThresholdsConfig{}
		return c.UnmarshalJSONStrict(data)
	},
	"mappings": func(data []byte) error {
		var each []json.RawMessage
		if err := json.Unmarshal(data, &each); err != nil {
			return err
		}
		for _, one := range each {
			m := dashboard.ValueMapOrRangeMapOrRegexMapOrSpecialValueMap{}
			if err := m.UnmarshalJSONStrict(one); err != nil {
				return err
			}
		}
		return nil
	},
}

func strictly(id string, data []byte) error {
	check := ofColumns[id]
	if check == nil {
		return fmt.Errorf("a column has no %s, only %v", id, slices.Sorted(maps.Keys(ofColumns)))
	}
	return check(data)
}

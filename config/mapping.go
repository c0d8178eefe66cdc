package config

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mapping decodes into a struct, whose fields are the keys that are allowed.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) error {
	keys := make(map[string]int)
	var allowed []string
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("yaml")
		keys[key] = i
		allowed = append(allowed, key)
	}
	slices.Sort(allowed)
	if n.Kind != yaml.MappingNode {
		return d.errorf(path, "must be a mapping, with keys out of: %s", strings.Join(allowed, ", "))
	}
	parent := path
	return d.entries(n, path, func(key string, value *yaml.Node, path string) error {
		i, ok := keys[key]
		if !ok && n.Style&yaml.FlowStyle != 0 && isNull(value) {
			// Not repeated: a password with a comma in it gets here, and password:...
			// with no blank.
			return d.errorf(parent, "a word in { } has no value and is no key; is there a blank after each colon, and are values with a comma in quotes? Allowed here: %s", strings.Join(allowed, ", "))
		}
		if !ok {
			return d.errorf(path, "unknown key; allowed here: %s", strings.Join(allowed, ", "))
		}
		return d.decode(value, v.Field(i), path)
	})
}

// texts decodes into a map from texts to texts, in which every key is allowed.
func (d *decoder) texts(n *yaml.Node, v reflect.Value, path string) error {
	if n.Kind != yaml.MappingNode {
		return d.errorf(path, "must be a mapping of names to texts")
	}
	texts := make(map[string]string)
	err := d.entries(n, path, func(key string, value *yaml.Node, path string) error {
		if isNull(value) {
			return d.errorf(path, "has no value; quote the empty text as \"\"")
		}
		var text string
		err := d.decode(value, reflect.ValueOf(&text).Elem(), path)
		texts[key] = text
		return err
	})
	if err != nil || len(texts) == 0 {
		return err
	}
	v.Set(reflect.ValueOf(texts))
	return nil
}

// entries calls visit for each key of a mapping, in order, with the path of the key.
func (d *decoder) entries(n *yaml.Node, path string, visit func(key string, value *yaml.Node, path string) error) error {
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0 {
			d.mark(path, key)
			return d.errorf(path, "every key must be a plain word")
		}
		keyPath := joinPath(path, key.Value)
		d.mark(keyPath, key)
		if key.Tag == "!!merge" {
			return d.errorf(keyPath, "merging with << is not supported; name the whole value with & and repeat it with *")
		}
		if line, twice := seen[key.Value]; twice {
			return d.errorf(keyPath, "given twice, first on line %d; every key must be there once only", line)
		}
		seen[key.Value] = key.Line
		if err := visit(key.Value, n.Content[i+1], keyPath); err != nil {
			return err
		}
	}
	return nil
}

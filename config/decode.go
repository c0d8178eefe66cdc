package config

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// A decoder fills raw types from YAML nodes and tells mistakes by the place
// where the user made them: a line of a file, or a flag.
//
// The parser's own decoding is not used, because it tells neither the path of
// a key nor what is allowed in its place, and leaves out lines.
type decoder struct {
	file string
	// lines and flags say where a path such as clusters[0].kafka.brokers was
	// written; one of the two is used. A path that is in neither, for it was
	// left out, counts as written where its parent was.
	lines map[string]int
	flags map[string]string
	// lookupEnv finds what ${NAME} stands for; nil takes texts as they are.
	lookupEnv func(name string) (string, bool)
}

// decode sets v, which holds its default, to what n says.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, path string) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return d.errorf(path, "tags (words that begin with !) are not supported; quote the value if it is no tag")
	}
	if isNull(n) {
		return nil
	}
	if s, ok := v.Addr().Interface().(setter); ok {
		return d.scalar(n, s, path)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(newValue(v.Type().Elem()).Addr())
		return d.decode(n, v.Elem(), path)
	case reflect.Struct:
		return d.mapping(n, v, path)
	case reflect.Slice:
		return d.list(n, v, path)
	case reflect.Map:
		return d.texts(n, v, path)
	default:
		return d.scalar(n, basic{v}, path)
	}
}

// list decodes into a slice; an empty list is nil, as a list left out is.
func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) error {
	if n.Kind != yaml.SequenceNode {
		return d.errorf(path, "must be a list, such as [first, second]")
	}
	list := reflect.Zero(v.Type())
	for i, entry := range n.Content {
		entryPath := fmt.Sprintf("%s[%d]", path, i)
		d.mark(entryPath, entry)
		if isNull(entry) {
			return d.errorf(entryPath, "an entry of the list has no value; give it one or take it out")
		}
		elem := newValue(v.Type().Elem())
		if err := d.decode(entry, elem, entryPath); err != nil {
			return err
		}
		list = reflect.Append(list, elem)
	}
	v.Set(list)
	return nil
}

// scalar decodes a single value by way of s.
func (d *decoder) scalar(n *yaml.Node, s setter, path string) error {
	if n.Kind != yaml.ScalarNode {
		return d.errorf(path, "must be a single value, not a list or a mapping")
	}
	text := n.Value
	if d.lookupEnv != nil {
		var err error
		if text, err = expandEnv(text, d.lookupEnv); err != nil {
			return d.errorf(path, "%w", err)
		}
	}
	if err := s.set(text); err != nil {
		return d.errorf(path, "%w", err)
	}
	return nil
}

// newValue returns a settable value of type t that holds its defaults.
func newValue(t reflect.Type) reflect.Value {
	v := reflect.New(t)
	if d, ok := v.Interface().(defaulter); ok {
		d.setDefaults()
	}
	return v.Elem()
}

// isNull reports whether a key was written down without a value, which is the
// same as leaving it out.
func isNull(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Style&yaml.TaggedStyle == 0
}

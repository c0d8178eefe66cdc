package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// document parses the one YAML document in data and decodes it.
func (d *decoder) document(data []byte) (*rawFile, error) {
	if at := notText(data); at >= 0 {
		return nil, d.lineErrorf(lineOf(data, at), "not a text file: this line is not UTF-8, or has control characters")
	}
	parser := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	err := parser.Decode(&doc)
	if errors.Is(err, io.EOF) || err == nil && isNull(doc.Content[0]) {
		return nil, d.lineErrorf(1, "the file is empty; it must at least have the key clusters")
	}
	if err == nil {
		err = parser.Decode(&next)
	}
	if err == nil {
		return nil, d.lineErrorf(next.Line, "a second document begins here; the file must have one only")
	}
	if !errors.Is(err, io.EOF) {
		return nil, d.syntaxError(data, err)
	}
	var raw rawFile
	if err := d.decode(doc.Content[0], reflect.ValueOf(&raw).Elem(), ""); err != nil {
		return nil, err
	}
	return &raw, nil
}

// The two shapes of the parser's errors that say more than their text.
var (
	syntaxErrors  = regexp.MustCompile(`^yaml: line (\d+): (.*)`)
	unknownAnchor = regexp.MustCompile(`^yaml: unknown anchor '(.*)' referenced`)
)

func (d *decoder) syntaxError(data []byte, err error) error {
	if m := unknownAnchor.FindStringSubmatch(err.Error()); m != nil {
		// Neither a line nor a secret: the parser tells no line, and the name of
		// the anchor may well be a password that begins with *.
		line := lineOf(data, bytes.Index(data, []byte("*"+m[1])))
		return d.lineErrorf(line, "a value that begins with * refers to an anchor, and there is none of this name above; quote the value if it is no reference")
	}
	if m := syntaxErrors.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		return d.lineErrorf(line, "not valid YAML: %s", m[2])
	}
	return d.lineErrorf(1, "not valid YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
}

func (d *decoder) lineErrorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", d.file, line, fmt.Sprintf(format, args...))
}

// notText returns the offset of the first byte that YAML does not allow, or -1.
// The parser would refuse it too, without saying where.
func notText(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 || unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\u0085", r) {
			return i
		}
		i += size
	}
	return -1
}

// lineOf returns the number, from 1, of the line that holds the byte at offset.
func lineOf(data []byte, offset int) int {
	return 1 + bytes.Count(data[:max(offset, 0)], []byte("\n"))
}

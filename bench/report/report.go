// Package report writes measurements into the documentation.
package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Begin and End are the lines between which Replace writes.
const (
	Begin = "<!-- load: begin -->"
	End   = "<!-- load: end -->"
)

// Table is one of Markdown. The first cell of a row is its group.
type Table struct {
	Header []string
	Rows   [][]string
}

// Keep adds the rows of an earlier table with the same header whose group is not
// measured anew, group after group in the order given; groups not in order are
// dropped. The text may hold other things than the table.
func (t *Table) Keep(earlier string, order []string) {
	groups := make(map[string][][]string)
	for _, row := range t.Rows {
		groups[row[0]] = append(groups[row[0]], row)
	}
	kept := make(map[string][][]string)
	for _, row := range rowsOf(earlier, t.Header) {
		if groups[row[0]] == nil {
			kept[row[0]] = append(kept[row[0]], row)
		}
	}
	t.Rows = nil
	for _, group := range order {
		t.Rows = append(append(t.Rows, groups[group]...), kept[group]...)
	}
}

// rowsOf finds the table with a header in a text, and returns its rows.
func rowsOf(text string, header []string) (rows [][]string) {
	inside := false
	for line := range strings.Lines(text) {
		cells := cellsOf(line)
		switch {
		case formatRow(cells) == formatRow(header):
			inside = true
		case len(cells) != len(header):
			inside = false
		case inside && strings.Trim(cells[0], "-") != "":
			rows = append(rows, cells)
		}
	}
	return rows
}

func cellsOf(line string) []string {
	line = strings.TrimSpace(line)
	if len(line) < 2 || line[0] != '|' || line[len(line)-1] != '|' {
		return nil
	}
	cells := strings.Split(line[1:len(line)-1], "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

func formatRow(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// String returns the table in Markdown. A cell must not contain "|".
func (t Table) String() string {
	var b strings.Builder
	b.WriteString(formatRow(t.Header))
	b.WriteString(strings.Repeat("|---", len(t.Header)) + "|\n")
	for _, row := range t.Rows {
		b.WriteString(formatRow(row))
	}
	return b.String()
}

// Update replaces what stands between the lines Begin and End of a file by what
// renew makes of it.
func Update(name string, renew func(earlier string) string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("write the measurements: %w", err)
	}
	out, err := between(text, renew)
	if err != nil {
		return fmt.Errorf("write the measurements to %s: %w", name, err)
	}
	if err := os.WriteFile(name, out, 0o644); err != nil {
		return fmt.Errorf("write the measurements: %w", err)
	}
	return nil
}

func between(text []byte, renew func(string) string) ([]byte, error) {
	head, rest, begun := bytes.Cut(text, []byte(Begin+"\n"))
	earlier, tail, ended := bytes.Cut(rest, []byte(End+"\n"))
	if !begun || !ended {
		return nil, errors.New("it needs the lines " + Begin + " and " + End + ", in this order")
	}
	section := strings.TrimSpace(renew(string(earlier)))
	return fmt.Appendf(nil, "%s%s\n%s\n%s\n%s", head, Begin, section, End, tail), nil
}

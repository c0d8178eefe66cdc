package testbed

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// lagColumns says where a tool's table has what.
type lagColumns struct{ topic, partition, committed, end, lag int }

// parseLags reads the table of a tool, whatever columns its release has beside
// those that are wanted.
func parseLags(table string) ([]ToolLag, error) {
	var lags []ToolLag
	var columns lagColumns
	found := false
	for line := range strings.Lines(table) {
		cells := lagCells(line)
		if c, ok := findLagColumns(cells); ok {
			columns, found = c, true
			continue
		}
		if !found || len(cells) == 0 {
			continue
		}
		lag, ok, err := columns.read(cells)
		if err != nil {
			return nil, fmt.Errorf("%w in the line %q", err, strings.TrimSpace(line))
		}
		if ok {
			lags = append(lags, lag)
		}
	}
	if !found {
		return nil, errors.New("no table of lags")
	}
	slices.SortFunc(lags, func(a, b ToolLag) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return lags, nil
}

// lagCells splits a line; 0.9 puts commas between the cells.
func lagCells(line string) []string {
	cells := strings.Fields(line)
	if strings.Contains(line, ", ") {
		cells = strings.Split(line, ",")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
	}
	return cells
}

// findLagColumns tells whether cells are the heads of the columns, and which is
// where.
func findLagColumns(cells []string) (lagColumns, bool) {
	at := func(names ...string) int {
		return slices.IndexFunc(cells, func(cell string) bool {
			cell = strings.ToUpper(strings.ReplaceAll(cell, " ", "-"))
			return slices.Contains(names, cell)
		})
	}
	c := lagColumns{
		topic:     at("TOPIC"),
		partition: at("PARTITION", "PID"),
		committed: at("CURRENT-OFFSET", "OFFSET"),
		end:       at("LOG-END-OFFSET", "LOGSIZE"),
		lag:       at("LAG"),
	}
	return c, min(c.topic, c.partition, c.committed, c.end, c.lag) >= 0
}

// read takes a partition from a line of the table; false: the line is of a
// member that has none.
func (c lagColumns) read(cells []string) (lag ToolLag, ok bool, err error) {
	if len(cells) <= max(c.topic, c.partition, c.committed, c.end, c.lag) {
		return lag, false, errors.New("too few columns")
	}
	partition, err := lagNumber(cells[c.partition])
	if err != nil || partition < 0 {
		return lag, false, err
	}
	lag.Topic, lag.Partition = cells[c.topic], int32(partition)
	for column, value := range map[int]*int64{c.committed: &lag.Committed, c.end: &lag.End, c.lag: &lag.Lag} {
		if *value, err = lagNumber(cells[column]); err != nil {
			return lag, false, err
		}
	}
	return lag, true, nil
}

// lagNumber is -1 for what the tool does not know.
func lagNumber(cell string) (int64, error) {
	if cell == "-" || cell == "unknown" {
		return -1, nil
	}
	n, err := strconv.ParseInt(cell, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", cell)
	}
	return n, nil
}

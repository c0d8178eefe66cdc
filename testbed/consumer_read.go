package testbed

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Read is a message as a consumer of StartReader noted it.
type Read struct {
	Partition int32
	Offset    int64
	Value     string
	// Assignment counts how often the consumer had been given partitions by then.
	Assignment int
}

var readLine = regexp.MustCompile(`^read: (\d+) (\d+) (.*)$`)

// Read returns every message that the consumer has read so far, in its order, if its
// ReaderSpec asked it to tell. The slice is the caller's.
func (m *Consumer) Read() ([]Read, error) {
	data, err := os.ReadFile(m.LogFile())
	if err != nil {
		return nil, fmt.Errorf("testbed: what a consumer has read: %w", err)
	}
	var all []Read
	assignment := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		if assignedLine.MatchString(line) {
			assignment++
			continue
		}
		parts := readLine.FindStringSubmatch(line)
		if parts == nil {
			continue
		}
		partition, err := strconv.ParseInt(parts[1], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("testbed: %q: %w", line, err)
		}
		offset, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("testbed: %q: %w", line, err)
		}
		all = append(all, Read{Partition: int32(partition), Offset: offset, Value: parts[3], Assignment: assignment})
	}
	return all, nil
}

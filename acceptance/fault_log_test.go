//go:build cluster

package acceptance

import (
	"encoding/json"
	"regexp"
	"strings"
)

// message is the level and the text of a line of the log.
var message = regexp.MustCompile(`level=(\w+) .*?msg=("(?:[^"\\]|\\.)*"|\S+)`)

// judgeLog holds that each trouble is told once, and that none is left when all is
// well.
func (s *scene) judgeLog(f *fault, log string) {
	s.t.Helper()
	for _, line := range retold(log, max(1, f.begins)) {
		s.t.Error(line)
	}
	page, err := s.p.get("/api/v1/clusters/faults")
	must(s.t, err)
	var left struct{ Troubles []struct{ Text string } }
	must(s.t, json.Unmarshal([]byte(page), &left))
	if len(left.Troubles) > 0 {
		s.t.Errorf("never told to be over: %v", left.Troubles)
	}
	if s.t.Failed() {
		s.t.Logf("evenkeel's log:\n%s", log)
	}
}

// retold returns what a log tells more often than it may, and what it does not tell
// as a log does.
func retold(log string, often int) (wrong []string) {
	told := map[string]int{}
	for line := range strings.Lines(log) {
		m := message.FindStringSubmatch(line)
		if m == nil {
			wrong = append(wrong, "not a line of the log: "+line)
		} else if m[1] == "WARN" || m[1] == "ERROR" {
			if told[m[2]]++; told[m[2]] == often+1 {
				wrong = append(wrong, "told again: "+line)
			}
		}
	}
	return wrong
}

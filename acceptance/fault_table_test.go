//go:build cluster

package acceptance

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// table are the outcomes of all faults.
type table struct{ rows []*row }

type row struct {
	fault   *fault
	release string
	runs    int
	outcome // the greatest of all runs
}

func (all *table) add(f *fault, release string, o outcome) {
	var r *row
	if n := len(all.rows); n > 0 && all.rows[n-1].fault == f && all.rows[n-1].release == release {
		r = all.rows[n-1]
	} else {
		r = &row{fault: f, release: release}
		all.rows = append(all.rows, r)
	}
	r.runs++
	r.shown, r.recovered, r.slowest = max(r.shown, o.shown), max(r.recovered, o.recovered), max(r.slowest, o.slowest)
	r.failed = r.failed || o.failed
}

const (
	tableBegin = "<!-- faults: begin -->"
	tableEnd   = "<!-- faults: end -->"
	tablePage  = "../docs/reliability.md"
)

// write puts the table into the documentation, where that is asked for. Rows of faults
// that were not played now stay as they are.
func (all *table) write(t *testing.T) {
	t.Log("\n" + tableHead + strings.Join(all.lines(), ""))
	if os.Getenv("WRITE_DOCS") != "1" {
		return
	}
	page, err := os.ReadFile(tablePage)
	must(t, err)
	head, rest, found := strings.Cut(string(page), tableBegin)
	_, tail, ended := strings.Cut(rest, tableEnd)
	if !found || !ended {
		t.Fatalf("%s has no place for the table", tablePage)
	}
	old, _, _ := strings.Cut(rest, tableEnd)
	text := tableHead + strings.Join(merged(slices.Collect(strings.Lines(old)), all.lines()), "")
	must(t, os.WriteFile(tablePage, []byte(head+tableBegin+"\n"+text+tableEnd+tail), 0o644))
}

const tableHead = "| fault | release | what is shown | after | as before | slowest scrape | repeat |\n|---|---|---|---|---|---|---|\n"

// merged returns the rows of both, by release, the new ones in the place of old ones
// of the same fault.
func merged(old, rows []string) []string {
	for _, line := range old {
		cells := strings.Split(line, "|")
		if len(cells) < 3 || !slices.Contains(faultReleases, strings.TrimSpace(cells[2])) {
			continue // no row of a fault
		}
		same := func(other string) bool { return repeats(other) == repeats(line) }
		if !slices.ContainsFunc(rows, same) {
			rows = append(rows, line)
		}
	}
	release := func(line string) int {
		return slices.Index(faultReleases, strings.TrimSpace(strings.Split(line, "|")[2]))
	}
	slices.SortStableFunc(rows, func(a, b string) int { return cmp.Compare(release(a), release(b)) })
	return rows
}

// repeats returns the last cell of a row, which names the fault and the release.
func repeats(line string) string {
	cells := strings.Split(strings.TrimSpace(line), "|")
	return strings.TrimSpace(cells[max(0, len(cells)-2)])
}

func (all *table) lines() (rows []string) {
	for _, r := range all.rows {
		failed := ""
		if r.failed {
			failed = " **failed**"
		}
		rows = append(rows, fmt.Sprintf("| %s%s | %s | %s | %s | %s | %s | `%s/%s$` |\n", strings.ReplaceAll(r.fault.name, "_", " "), failed, r.release,
			r.fault.shows, seconds(r.shown), seconds(r.recovered), milliseconds(r.slowest), r.release, r.fault.name))
	}
	return rows
}

func seconds(d time.Duration) string      { return fmt.Sprintf("%.1f s", d.Seconds()) }
func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

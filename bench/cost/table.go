//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/bench/load"
	"github.com/evenkeel/evenkeel/bench/report"
)

const none = "–"

var (
	costHeader = []string{"size", "exporter", "requests", "CPU", "brokers' CPU", "scrape, wall", "resident", "peak", "sent", "received", "series", "page, gzip", "page", "repeat with"}
	ownHeader  = []string{"size", "poll, wall", "between polls, % of a core", "scrape, wall", "scrape, CPU"}
	kindHeader = []string{"size", "exporter", "requests by kind"}
)

// earlier are measurements of others on comparable hardware, shown while nobody
// has given their binaries.
var earlier = []struct {
	name string
	row  []string // from size to peak
}{
	{"kafka_exporter", []string{"L", "kafka_exporter, measured earlier on comparable hardware", "111,009", "19.2 s", "25 s", "83 s", "310 MB"}},
	{"kminion", []string{"L", "kminion, measured earlier on comparable hardware", "1,018", "1.06 s", "0.58 s", "2.2 s", "283 MB"}},
	{"least", []string{"S", "the least that a client can do, measured earlier on comparable hardware", "16", "3 ms"}},
	{"least", []string{"M", "the least that a client can do, measured earlier on comparable hardware", "16", "14 ms"}},
	{"least", []string{"L", "the least that a client can do, measured earlier on comparable hardware", "16", "38 ms", none, none, "87 MB"}},
}

// section returns what stands in the documentation: the results, and of an
// earlier section the rows of sizes that were not measured.
func section(results []result, exporters []exporter, before string) string {
	costs, kinds, ours := report.Table{Header: costHeader}, report.Table{Header: kindHeader}, report.Table{Header: ownHeader}
	measured, sizes := make(map[string]bool), make(map[string]bool)
	for _, e := range exporters {
		measured[e.name] = true
	}
	for _, r := range results {
		sizes[r.size] = true
		costs.Rows = append(costs.Rows, r.costs())
		kinds.Rows = append(kinds.Rows, []string{r.size, r.exporter, r.traffic.Kinds(r.times)})
		if r.own != nil {
			ours.Rows = append(ours.Rows, r.ours())
		}
	}
	for _, reference := range earlier {
		if sizes[reference.row[0]] && !measured[reference.name] {
			row := append([]string(nil), reference.row...)
			for len(row) < len(costHeader) {
				row = append(row, none)
			}
			costs.Rows = append(costs.Rows, row)
		}
	}
	var order []string
	text := fmt.Sprintf("%s, %d cores, %s.\n", cpuModel(), runtime.NumCPU(), runtime.Version())
	for _, size := range load.Sizes() {
		order = append(order, size.Name)
		text += fmt.Sprintf("- %v.\n", size)
	}
	for _, t := range []*report.Table{&costs, &kinds, &ours} {
		t.Keep(before, order)
	}
	return text + "\nOne poll of evenkeel, one scrape of the others:\n\n" + costs.String() +
		"\n" + kinds.String() + "\nOf evenkeel alone:\n\n" + ours.String()
}

func (o result) costs() []string {
	each := func(d time.Duration) string { return duration(d / time.Duration(o.times)) }
	command := "`SIZES=" + o.size + " go run ./bench/cost`"
	if o.own == nil {
		command = "`SIZES=" + o.size + " EXPORTERS='" + o.exporter + "=…' go run ./bench/cost`"
	}
	gzip := none
	if o.gzip > 0 {
		gzip = megabytes(int64(o.gzip))
	}
	return []string{
		o.size, o.exporter, thousands((o.traffic.Total(slowPace) + o.times/2) / o.times), each(o.cpu), duration(o.brokerCPU()), duration(o.wall),
		megabytes(o.memory.Now), megabytes(o.memory.Peak), megabytes(o.traffic.Sent / int64(o.times)), megabytes(o.traffic.Received / int64(o.times)),
		thousands(o.series), gzip, megabytes(int64(o.plain)), command,
	}
}

func (o result) ours() []string {
	return []string{o.size, duration(o.own.pollWall), fmt.Sprintf("%.2f %%", 100*o.own.between), duration(o.wall), duration(o.own.scrapeCPU)}
}

// duration, megabytes and thousands round to what the noise of a machine leaves.

func duration(d time.Duration) string {
	switch s := d.Seconds(); {
	case s <= 0:
		return "within the noise"
	case s >= 9.95:
		return fmt.Sprintf("%.0f s", s)
	case s >= 0.9995:
		return fmt.Sprintf("%.1f s", s)
	case s >= 0.00995:
		return fmt.Sprintf("%.0f ms", 1e3*s)
	default:
		return fmt.Sprintf("%.1f ms", 1e3*s)
	}
}

func megabytes(n int64) string {
	switch {
	case n >= 9_950_000:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	case n >= 999_500:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
}

func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// cpuModel is the processor's name for itself.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

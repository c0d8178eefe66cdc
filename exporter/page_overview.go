package exporter

import (
	"fmt"
	"time"
)

// pageLine is a cluster in the overview of several.
type pageLine struct {
	apiCluster
	Known int  // brokers
	Up    *int // nil where it is not known of one
	More  int  // troubles beside the first
}

// overview returns a line for each cluster, in the order of the configuration.
func overview(watchers []*watcher, now time.Time) []pageLine {
	lines := make([]pageLine, 0, len(watchers))
	for _, w := range watchers {
		line := pageLine{apiCluster: describe(w, now, false)}
		line.Known = len(line.Brokers)
		line.More = max(len(line.Troubles)-1, 0)
		up, all := 0, line.Known > 0
		for _, b := range line.Brokers {
			all = all && b.Up != nil
			if yes(b.Up) {
				up++
			}
		}
		line.Up = known(up, all)
		lines = append(lines, line)
	}
	return lines
}

// UpOf prints how many brokers are up, of how many.
func (l pageLine) UpOf() string {
	if l.Up == nil {
		return fmt.Sprintf("unknown of %d", l.Known)
	}
	return fmt.Sprintf("%d of %d", *l.Up, l.Known)
}

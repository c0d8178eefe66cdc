package testbed

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
)

// watchLogs returns a function that waits until every broker that runs now has
// logged since that it took up settings of a topic with a given value. Brokers
// have no request that tells this: what DescribeConfigs answers is what is
// stored.
func (c *Cluster) watchLogs() func(ctx context.Context, topic, value string) error {
	brokers := c.responsive()
	from := make(map[*Server]int64)
	for _, s := range brokers {
		if info, err := os.Stat(s.proc.log); err == nil {
			from[s] = info.Size()
		}
	}
	return func(ctx context.Context, topic, value string) error {
		// With ZooKeeper, without it.
		taken := regexp.MustCompile(`(Processing override for entityPath: topics/|Updating topic )` + regexp.QuoteMeta(topic) + ` with (new )?config.*` + regexp.QuoteMeta(value))
		return waitFor(ctx, "wait until the brokers know the settings of topic "+topic, func() error {
			for _, s := range brokers {
				if !s.proc.responsive() {
					continue
				}
				if err := logged(s.proc.log, from[s], taken); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// logged fails until a log has a line from an offset on.
func logged(name string, from int64, line *regexp.Regexp) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	log, err := io.ReadAll(io.NewSectionReader(f, from, 1<<30))
	if err == nil && !line.Match(log) {
		err = fmt.Errorf("%s does not show %q", name, line)
	}
	return err
}

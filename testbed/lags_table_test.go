package testbed

import (
	"slices"
	"strings"
	"testing"
)

func TestParseLags(t *testing.T) {
	for name, test := range map[string]struct {
		table string
		want  []ToolLag
	}{
		"ConsumerGroupCommand 0.9": {`GROUP, TOPIC, PARTITION, CURRENT OFFSET, LOG END OFFSET, LAG, OWNER
joiners, joined, 1, unknown, 3, unknown, consumer-1_/127.0.0.1
joiners, joined, 0, 4, 6, 2, consumer-1_/127.0.0.1
`, []ToolLag{{"joined", 0, 4, 6, 2}, {"joined", 1, -1, 3, -1}}},
		"ConsumerGroupCommand 1.1": {`Note: This will not show information about old Zookeeper-based consumers.

TOPIC                          PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG        CONSUMER-ID    HOST        CLIENT-ID
joined                         0          4               4               0          consumer-1-af  /127.0.0.1  consumer-1
-                              -          -               -               -          consumer-2-17  /127.0.0.1  consumer-2
`, []ToolLag{{"joined", 0, 4, 4, 0}}},
		"ConsumerGroupCommand 4.3": {`
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
loners          b               0          10              10              0               -               -               -
loners          a               10         -               5               -               -               -               -
loners          a               2          0               5               5               -               -               -
`, []ToolLag{{"a", 2, 0, 5, 5}, {"a", 10, -1, 5, -1}, {"b", 0, 10, 10, 0}}},
		"ConsumerOffsetChecker": {`Group           Topic                          Pid Offset          logSize         Lag             Owner
olds            old                            0   10              10              0               olds_consumer-1-0
olds            old                            1   3               8               5               none
`, []ToolLag{{"old", 0, 10, 10, 0}, {"old", 1, 3, 8, 5}}},
		"no partitions": {"TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG\n", nil},
	} {
		if got, err := parseLags(test.table); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, test.want)
		}
	}
}

func TestParseLagsRefuses(t *testing.T) {
	const head = "TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG\n"
	for problem, table := range map[string]string{
		"no table":        "Error: Consumer group 'readers' does not exist.\n",
		"too few columns": head + "test 0 1\n",
		`"many" is no`:    head + "test 0 1 many 2\n",
	} {
		if got, err := parseLags(table); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v, %v; want an error with %q", table, got, err, problem)
		}
	}
}

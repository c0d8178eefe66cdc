//go:build cluster && chaos

package acceptance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/testbed"
)

// crowded is a cluster whose groups come and go.
var crowded = &bed{
	name: "groups",
	spec: func(kafka string) testbed.Spec { return testbed.Spec{Kafka: kafka, OneJVM: kafka[0] < '4'} },
	furnish: func(s *scene) {
		s.furnish()
		must(s.t, s.c.CreateTopic(s.ctx, "meals", [][]int32{{0, 1}}))
	},
}

// verdictWindow is for how long evenkeel watches a group before it judges: eleven
// observations, one interval after the other.
func verdictWindow() time.Duration { return 11 * *faultInterval }

func init() {
	declare(
		&fault{
			name: "group_deleted", bed: crowded, on: []string{"2.8.2", "3.9.2", "4.4.0"},
			shows: "no series of it, the other groups as they are",
			begin: func(s *scene) []claim {
				const group = "leavers"
				must(s.t, s.c.CommitOffset(s.ctx, group, "test", 0, 3))
				before := s.p.shows("the group that will be deleted", 30*time.Second, members(group)+" 0", fmt.Sprintf("%s %d", ofGroup("lag_sum", group), furnishedMessages-3))
				s.deleteGroup(group)
				var claims []claim
				for _, series := range slices.Sorted(maps.Keys(before.values)) {
					if strings.Contains(series, fmt.Sprintf("consumergroup=%q", group)) {
						claims = append(claims, is("!"+series, aPoll()))
					}
				}
				return append(claims, s.sumsOf(s.watched, 0)...)
			},
			end: func(*scene) {}, // it is as before without it
		},
		&fault{
			name: "consumer_killed", bed: crowded,
			shows: "no members once its session is over, the messages that wait; `stopped` after the window",
			begin: func(s *scene) []claim {
				const group, wait = "eaters", 5
				waiting := fmt.Sprintf(`kafka_consumergroup_lag{consumergroup=%q,partition="0",topic="meals"}`, group)
				must(s.t, s.c.Produce(s.ctx, "meals", 0, 2))
				consumer, err := s.c.StartReader(s.ctx, testbed.ReaderSpec{Group: group, Topics: []string{"meals"}})
				must(s.t, err)
				s.settle(members(group)+" 1", waiting+" 0")
				must(s.t, consumer.Kill())
				s.struck()
				must(s.t, s.c.Produce(s.ctx, "meals", 0, wait))
				return append([]claim{
					is(members(group)+" 0", session+aPoll()),
					is(fmt.Sprintf("%s %d", waiting, wait), aPoll()),
					is(statusOf(group, "stopped"), session+aPoll()+verdictWindow()),
					never(statusOf(group, "stalled")),
				}, s.sumsOf(s.watched, 0)...)
			},
			end:     func(*scene) {}, // nobody takes its place
			changes: true,
		},
	)
}

// deleteGroup has the group's coordinator forget it, as an operator does.
func (s *scene) deleteGroup(name string) {
	s.t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V2_0_0_0
	admin, err := sarama.NewClusterAdmin(s.c.Bootstrap(), conf)
	must(s.t, err)
	defer func() { must(s.t, admin.Close()) }()
	s.struck()
	must(s.t, admin.DeleteConsumerGroup(name))
}

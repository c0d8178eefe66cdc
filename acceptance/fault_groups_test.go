//go:build cluster

package acceptance

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/testbed"
)

// What each partition of topic "test" holds, and how many groups have committed for all
// of them: as many as the offsets topic has partitions, by names whose hashes follow
// each other, so that every broker coordinates some.
const (
	furnishedMessages = 10
	furnishedGroups   = 4
	oldGroup          = "olds" // has its offset in ZooKeeper
)

func groupName(i int) string { return fmt.Sprintf("group-%d", i) }

// furnishGroups commits for groups without members, and notes what is true of them from
// now on. Nothing is written or committed later, so it is true for ever.
func (s *scene) furnishGroups(partitions int32) {
	s.t.Helper()
	s.constant = map[string]float64{}
	for i := range furnishedGroups {
		name, committed := groupName(i), 0
		s.watched = append(s.watched, name)
		for p := range partitions {
			offset := i + int(p)
			committed += offset
			must(s.t, s.c.CommitOffset(s.ctx, name, "test", p, int64(offset)))
			s.constant[offsetOf(name, p)] = float64(offset)
			s.constant[waitingFor(name, p)] = float64(furnishedMessages - offset)
		}
		s.constant[ofGroup("current_offset_sum", name)] = float64(committed)
		s.constant[ofGroup("lag_sum", name)] = float64(int(partitions)*furnishedMessages - committed)
		s.constant[members(name)] = 0
	}
	if s.kraft() {
		return
	}
	const offset = 3
	path := "/consumers"
	for _, znode := range []string{"", "/" + oldGroup, "/offsets", "/test", "/0"} {
		path += znode
		data := ""
		if znode == "/0" {
			data = fmt.Sprint(offset)
		}
		if _, err := s.c.ZK().Create(s.c.Path(path), []byte(data), 0, zk.WorldACL(zk.PermAll)); !errors.Is(err, zk.ErrNodeExists) {
			must(s.t, err)
		}
	}
	const labels = `{consumergroup="` + oldGroup + `",partition="0",topic="test"}`
	s.constant["kafka_consumergroupzookeeper_current_offset"+labels] = offset
	s.constant["kafka_consumergroupzookeeper_lag_zookeeper"+labels] = furnishedMessages - offset
}

// lacksGroups says what a sample does not show of the groups.
func (s *scene) lacksGroups(now samples) error {
	var want []string
	for series := range s.constant {
		want = append(want, s.lasting(series))
	}
	return now.lacks(want...)
}

// lasting writes a want of a series that has the same value for ever.
func (s *scene) lasting(series string) string {
	value, known := s.constant[series]
	if !known {
		panic(series + ": nothing is known of it")
	}
	return fmt.Sprintf("%s %v", series, value)
}

func offsetOf(group string, partition int32) string {
	return fmt.Sprintf(`kafka_consumergroup_current_offset{consumergroup=%q,partition="%d",topic="test"}`, group, partition)
}

func waitingFor(group string, partition int32) string {
	return fmt.Sprintf(`kafka_consumergroup_lag{consumergroup=%q,partition="%d",topic="test"}`, group, partition)
}

func ofGroup(metric, group string) string {
	return fmt.Sprintf(`kafka_consumergroup_%s{consumergroup=%q,topic="test"}`, metric, group)
}

func members(group string) string {
	return fmt.Sprintf("kafka_consumergroup_members{consumergroup=%q}", group)
}

// groupFamilies are those that tell what has been committed and what waits.
func groupFamilies() []string {
	return []string{
		"kafka_consumergroup_current_offset", "kafka_consumergroup_lag", "kafka_consumergroup_lag_sum",
		"kafka_consumergroupzookeeper_current_offset", "kafka_consumergroupzookeeper_lag_zookeeper",
	}
}

var coordinatorKilled = fault{
	name: "coordinator_killed", bed: plain, quick: []string{"4.4.0"}, runs: 2, begins: asItComesBack,
	shows: "its groups absent, never wrong, and again once others coordinate them; the other groups as they are",
	begin: func(s *scene) []claim {
		b := s.follower()
		theirs, others := s.coordinated(b)
		s.kill(b)
		var unknown []string
		for _, name := range theirs {
			unknown = append(unknown, "!"+offsetOf(name, 0), "!"+ofGroup("lag_sum", name))
		}
		s.p.shows("nobody coordinates these groups", session, unknown...)
		claims := s.sumsOf(theirs, session+aPoll())
		for _, name := range others {
			claims = append(claims, is(s.lasting(ofGroup("current_offset_sum", name)), 0), is(s.lasting(members(name)), 0))
			for p := range int32(len(s.c.Brokers())) {
				if int(p) != b.ID() { // whom each partition of the same number prefers
					claims = append(claims, is(s.lasting(waitingFor(name, p)), 0))
				}
			}
		}
		return append(claims, s.sumsOf(others, session+aPoll())...)
	},
	end: (*scene).reviveStruck,
}

func init() { declare(&coordinatorKilled) }

// sumsOf is that groups are known with all that waits for them.
func (s *scene) sumsOf(names []string, within time.Duration) (claims []claim) {
	for _, name := range names {
		claims = append(claims, is(s.lasting(ofGroup("lag_sum", name)), within))
	}
	return claims
}

// coordinated returns the groups that a broker coordinates, and the others.
func (s *scene) coordinated(by *testbed.Server) (theirs, others []string) {
	s.t.Helper()
	for i := range furnishedGroups {
		name := groupName(i)
		if id, told := s.healthy.values[fmt.Sprintf("kafka_consumergroup_coordinator{consumergroup=%q}", name)]; told && int(id) == by.ID() {
			theirs = append(theirs, name)
		} else {
			others = append(others, name)
		}
	}
	if len(theirs) == 0 || len(others) == 0 {
		s.t.Fatalf("%s coordinates %v, others %v: nothing can be told by that", by.Name(), theirs, others)
	}
	return theirs, others
}

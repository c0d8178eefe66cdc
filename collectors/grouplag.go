package collectors

import (
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

var (
	groupMembers     = gauge("kafka_consumergroup_members", "Members of the group; 0 for a group that only commits.", "consumergroup")
	groupIdle        = gauge("kafka_consumergroup_idle_members", "Members that have no partition.", "consumergroup")
	groupCoordinator = gauge("kafka_consumergroup_coordinator", "Id of the broker that coordinates the group.", "consumergroup")
	groupState       = gauge("kafka_consumergroup_state", "State of the group in its coordinator's words.", "consumergroup", "state")
	groupStatus      = gauge("kafka_consumergroup_status", "How the group gets on, by the worst of its partitions.", "consumergroup", "status")
	groupChanged     = gauge("kafka_consumergroup_last_commit_change_timestamp_seconds", "When a commit of the group was last seen to change.", "consumergroup")
	groupObjective   = gauge("kafka_consumergroup_lag_objective_seconds", "How far behind the group may be, by the configuration; absent for quiet groups.", "consumergroup", "severity")
	groupMaxAge      = gauge("kafka_consumergroup_max_lag_seconds", "Age of the oldest message that the group has not committed; absent when that of one partition is unknown.", "consumergroup")
	groupLost        = counter("kafka_consumergroup_lost_messages_total", "Messages that were deleted before the group had committed them, while it had members.", "consumergroup", "topic")

	groupOffset    = gauge("kafka_consumergroup_current_offset", "Committed offset; absent without a commit.", "consumergroup", "topic", "partition")
	groupOffsetSum = gauge("kafka_consumergroup_current_offset_sum", "Sum over the partitions that have a commit; absent when one of them is unknown.", "consumergroup", "topic")
	groupLag       = gauge("kafka_consumergroup_lag", "Messages between the committed offset and the end of the log; absent when unknown, never negative.", "consumergroup", "topic", "partition")
	groupLagSum    = gauge("kafka_consumergroup_lag_sum", "Sum of the lag over the topic's partitions; absent when one of them is unknown.", "consumergroup", "topic")
	groupAge       = gauge("kafka_consumergroup_lag_seconds", "Age of the oldest message that is not committed: 0 when none is; absent when unknown, never extrapolated.", "consumergroup", "topic", "partition")

	oldMembers = gauge("kafka_consumergroupzookeeper_members", "Old consumers of the group that are registered in ZooKeeper.", "consumergroup")
	oldOffset  = gauge("kafka_consumergroupzookeeper_current_offset", "Offset that an old consumer committed in ZooKeeper.", "consumergroup", "topic", "partition")
	oldLag     = gauge("kafka_consumergroupzookeeper_lag_zookeeper", "Messages between the offset committed in ZooKeeper and the end of the log; absent when unknown, never negative.", "consumergroup", "topic", "partition")
)

var groupFamilies = []*metrics.Family{
	groupMembers, groupIdle, groupCoordinator, groupState, groupStatus, groupChanged, groupObjective, groupMaxAge, groupLost,
	groupOffset, groupLag, groupAge, groupOffsetSum, groupLagSum,
	oldMembers, oldOffset, oldLag,
}

func emitGroups(v *View, w *metrics.Writer) {
	groups, ok := v.Groups.Get()
	if !ok {
		return
	}
	emitGroupStates(v, w, groups.Groups)
	lags := groupLags(v, groups.Groups)
	if v.Show.GroupPerPartition {
		emitCommits(w, lags)
	}
	w.Begin(groupOffsetSum)
	for _, l := range lags {
		if sum, known := l.CommittedSum(); known {
			w.Int(sum, l.group, l.Topic)
		}
	}
	w.Begin(groupLagSum)
	for _, l := range lags {
		if sum, known := l.LagSum(l.log); known {
			w.Int(sum, l.group, l.Topic)
		}
	}
	emitOldGroups(v, w, groups.Old)
}

// emitCommits tells every partition of every group.
func emitCommits(w *metrics.Writer, lags []topicLag) {
	w.Begin(groupOffset)
	for _, l := range lags {
		for _, c := range l.Commits {
			if c.Offset.Known() {
				w.Int(c.Offset.Int(), l.group, l.Topic, metrics.Itoa(int(c.Partition)))
			}
		}
	}
	w.Begin(groupLag)
	for _, l := range lags {
		for _, c := range l.Commits {
			if lag, known := cluster.Lag(l.log.End(c.Partition), c.Offset); known {
				w.Int(lag, l.group, l.Topic, metrics.Itoa(int(c.Partition)))
			}
		}
	}
	w.Begin(groupAge)
	for _, l := range lags {
		for _, c := range l.Commits {
			if c.Behind.Known() {
				w.Float(c.Behind.Duration().Seconds(), l.group, l.Topic, metrics.Itoa(int(c.Partition)))
			}
		}
	}
}

// topicLag is what a group committed for a topic, beside that topic.
type topicLag struct {
	*cluster.GroupOffsets
	group string
	log   *cluster.Topic
}

func groupLags(v *View, groups []cluster.Group) (lags []topicLag) {
	for i := range groups {
		lags = v.appendLags(lags, groups[i].Name, groups[i].Topics)
	}
	return lags
}

// appendLags adds what a group committed in the topics that are shown.
func (v *View) appendLags(lags []topicLag, group string, topics []cluster.GroupOffsets) []topicLag {
	picture, ok := v.Picture.Get()
	if !ok {
		return lags
	}
	for i := range topics {
		offsets := &topics[i]
		topic := picture.Topic(offsets.Topic)
		if topic != nil && !topic.Deleting && len(offsets.Commits) > 0 && v.Show.Topic(topic.Name) {
			lags = append(lags, topicLag{offsets, group, topic})
		}
	}
	return lags
}

// emitOldGroups tells of the groups of old consumers what stands in ZooKeeper. Those
// that keep their offsets in Kafka are among the other groups.
func emitOldGroups(v *View, w *metrics.Writer, groups []cluster.OldGroup) {
	var lags []topicLag
	w.Begin(oldMembers)
	for i := range groups {
		g := &groups[i]
		if g.Members != cluster.UnknownMembers {
			w.Int(int64(g.Members), g.Name)
		}
		lags = v.appendLags(lags, g.Name, g.Topics)
	}
	if !v.Show.GroupPerPartition {
		return
	}
	w.Begin(oldOffset)
	for _, l := range lags {
		for _, c := range l.Commits {
			if c.Offset.Known() {
				w.Int(c.Offset.Int(), l.group, l.Topic, metrics.Itoa(int(c.Partition)))
			}
		}
	}
	w.Begin(oldLag)
	for _, l := range lags {
		for _, c := range l.Commits {
			if lag, known := cluster.Lag(l.log.End(c.Partition), c.Offset); known {
				w.Int(lag, l.group, l.Topic, metrics.Itoa(int(c.Partition)))
			}
		}
	}
}

package exporter

import (
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

type apiGroup struct {
	State       string           `json:"state,omitempty"`
	Type        string           `json:"type,omitempty"` // in Kafka's words
	Coordinator int32            `json:"coordinator"`
	Members     *int             `json:"members,omitempty"`
	Idle        *int             `json:"idle_members,omitempty"`
	Quiet       bool             `json:"quiet"`
	Verdict     *apiGroupVerdict `json:"verdict,omitempty"`
	// When its commits were last seen to change.
	CommitsChanged *time.Time             `json:"commits_changed_at,omitempty"`
	Topics         map[string][]apiCommit `json:"topics"` // null when its commits could not be read
}

type apiGroupVerdict struct {
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// apiOldGroup is a group of old consumers with what it committed in ZooKeeper. One
// that has no topics commits to Kafka, and is among the other groups.
type apiOldGroup struct {
	Members    *int                   `json:"members,omitempty"`
	Subscribed []string               `json:"subscribed,omitempty"`
	Topics     map[string][]apiCommit `json:"topics"`
}

type apiCommit struct {
	Partition  int32    `json:"partition"`
	Committed  *int64   `json:"committed,omitempty"`
	Lag        *int64   `json:"lag,omitempty"`
	LagSeconds *float64 `json:"lag_seconds,omitempty"` // age of the oldest message that is not committed
	Status     string   `json:"status,omitempty"`
}

func describeGroups(s *cluster.Snapshot) map[string]apiGroup {
	groups, ok := s.Groups.Get()
	if !ok {
		return nil
	}
	picture, _ := s.Picture.Get() // groups are read with the picture only
	all := map[string]apiGroup{}
	for i := range groups.Groups {
		g := &groups.Groups[i]
		a := apiGroup{
			State: string(g.State), Type: g.Type, Coordinator: g.Coordinator, Quiet: g.Quiet,
			Members: memberCount(g.Members), Idle: memberCount(g.Idle),
			CommitsChanged: known(g.Committed, !g.Committed.IsZero()),
		}
		if v := g.Verdict; v.Status != "" {
			a.Verdict = &apiGroupVerdict{Status: string(v.Status), Reason: v.Reason}
		}
		if !g.Unread {
			a.Topics = describeCommits(g.Topics, picture)
		}
		all[g.Name] = a
	}
	return all
}

func describeOldGroups(s *cluster.Snapshot) map[string]apiOldGroup {
	groups, ok := s.Groups.Get()
	if !ok || groups.OldUnread {
		return nil
	}
	picture, _ := s.Picture.Get()
	all := map[string]apiOldGroup{}
	for i := range groups.Old {
		g := &groups.Old[i]
		all[g.Name] = apiOldGroup{Members: memberCount(g.Members), Subscribed: g.Subscribed, Topics: describeCommits(g.Topics, picture)}
	}
	return all
}

func describeCommits(topics []cluster.GroupOffsets, picture *cluster.Picture) map[string][]apiCommit {
	all := map[string][]apiCommit{}
	for _, t := range topics {
		topic := picture.Topic(t.Topic)
		for _, c := range t.Commits {
			all[t.Topic] = append(all[t.Topic], apiCommit{
				Partition: c.Partition, Committed: offset(c.Offset), Lag: known(cluster.Lag(topic.End(c.Partition), c.Offset)),
				LagSeconds: ageSeconds(c.Behind), Status: string(c.Verdict),
			})
		}
	}
	return all
}

// backlog is how far a group is behind over all of its topics.
type backlog struct {
	partitions int    // that it has committed offsets of
	lag        *int64 // nil when the lag of one of them is unknown, or there are none
}

// backlogOf adds up what a group has not consumed of the topics that are shown. What it
// committed for others counts for nothing: a deleted topic's commits outlive it, and of
// a topic that the configuration leaves out no offset is read.
func backlogOf(topics []cluster.GroupOffsets, picture *cluster.Picture, shown func(topic string) bool) backlog {
	var b backlog
	sum, all := int64(0), true
	for i := range topics {
		of := &topics[i]
		topic := picture.Topic(of.Topic)
		if topic == nil || topic.Deleting || !shown(of.Topic) {
			continue
		}
		b.partitions += len(of.Commits)
		lag, known := of.LagSum(topic)
		sum, all = sum+lag, all && known
	}
	b.lag = known(sum, all && b.partitions > 0)
	return b
}

func memberCount(n int) *int { return known(n, n != cluster.UnknownMembers) }

func ageSeconds(a cluster.Age) *float64 { return known(a.Duration().Seconds(), a.Known()) }

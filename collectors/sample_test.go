package collectors

import (
	"errors"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

var t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func testConfig(t *testing.T) config.Cluster {
	t.Helper()
	cfg, err := config.Parse("test.yml", []byte(`
clusters:
  - name: c
    zookeeper: {servers: ["z1:2181", "z2:2181", "z3:2181"]}
    poll: {interval: 2s, timeout: 2s}
    topics: {exclude: "^hidden"}
`))
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Clusters[0]
}

func outcome(err error, faults ...cluster.Fault) cluster.Outcome {
	return cluster.Outcome{Started: t0, Finished: t0.Add(250 * time.Millisecond), Err: err, Faults: faults}
}

// finish fills in what follows from a snapshot.
func finish(s *cluster.Snapshot) *cluster.Snapshot {
	tally := cluster.NewTally(0.1)
	if p, ok := s.Picture.Get(); ok {
		s.Summary = cluster.Summarize(p, s.Brokers)
	}
	s.History = tally.Observe(s, cluster.Changes{})
	cluster.NewProgress(2*time.Second, func(string) bool { return true }).Observe(s, nil)
	s.Troubles, _, _ = cluster.Troubles{}.Update(s)
	return s
}

// storySnapshot is a cluster of two brokers of which broker 0 has died, with a
// partition whose state holds rubbish in a topic that is not shown.
func storySnapshot() *cluster.Snapshot {
	part := func(id int32, replicas []int32, leader int32, isr []int32, start, end cluster.Offset) cluster.Partition {
		return cluster.Partition{ID: id, State: cluster.StateRecorded, Replicas: replicas, Leader: leader, ISR: isr, Start: start, End: end}
	}
	reg1 := &cluster.Registration{ID: 1, Version: 2, Rack: "r1", Registered: t0.Add(-time.Hour), Endpoints: []cluster.Endpoint{{Listener: "PLAINTEXT", Protocol: "PLAINTEXT", Host: "b1", Port: 9092}}}
	s := finish(&cluster.Snapshot{
		Cluster: "c", Trigger: cluster.TriggerInterval, Started: t0, Finished: t0.Add(500 * time.Millisecond),
		Ensemble: &cluster.Ensemble{Servers: []cluster.Server{
			{Name: "z1:2181", Address: "10.0.0.1:2181", Mode: cluster.ModeLeader, Status: cluster.ServerOK, Version: "3.4.6", Stats: map[string]float64{"zk_avg_latency": 0.5, "zk_znode_count": 99}},
			{Name: "z2:2181", Address: "10.0.0.2:2181", Mode: cluster.ModeFollower, Status: cluster.ServerOK, Version: "3.4.6", Stats: map[string]float64{"zk_znode_count": 99}},
			{Name: "z3:2181", Mode: cluster.ModeUnreachable, Status: cluster.ServerRefused, Err: errors.New("connection refused")},
		}},
		Registrations: cluster.Read(map[int32]*cluster.Registration{1: reg1}),
		Controller:    cluster.Read(cluster.Controller{ID: 1, Exists: true, Named: true}),
		Mode:          cluster.ModeZooKeeper,
		Release:       "0.9",
		Brokers: []cluster.Broker{
			{ID: 0, Address: "b0:9092", Rack: "r0", RegistryRead: true, Probe: cluster.Probe{Status: cluster.BrokerRefused, Err: errors.New("connection refused")}},
			{ID: 1, Address: "b1:9092", Rack: "r1", RegistryRead: true, Registration: reg1, Probe: cluster.Probe{Status: cluster.BrokerAlive, Took: 2 * time.Millisecond}},
		},
		BrokersTried: 2, BrokersHeard: 1,
		Picture: cluster.Read(&cluster.Picture{Topics: []cluster.Topic{
			{Name: "dying", Deleting: true, Partitions: []cluster.Partition{part(0, []int32{0}, 0, []int32{0}, cluster.UnknownOffset, cluster.UnknownOffset)}},
			{Name: "hidden", Partitions: []cluster.Partition{part(0, []int32{1}, 1, []int32{1}, cluster.OffsetAt(0), cluster.OffsetAt(1))}},
			{Name: "test", Partitions: []cluster.Partition{
				part(0, []int32{0, 1}, 1, []int32{1}, cluster.OffsetAt(5), cluster.OffsetAt(105)),
				part(1, []int32{1, 0}, 1, []int32{1}, cluster.OffsetAt(0), cluster.UnknownOffset),
				{ID: 2, State: cluster.StateAbsent, Replicas: []int32{0, 1}},
			}},
		}}),
		Groups: cluster.Read(&cluster.Groups{Groups: []cluster.Group{
			{Name: "abreast", Coordinator: 1, State: cluster.GroupStable, Members: 3, Idle: 2, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(105)}}}}},
			{Name: "ahead", Coordinator: 1, State: cluster.GroupEmpty, Members: 0, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(106)}}}}},
			{Name: "console-consumer-1", Coordinator: 1, State: cluster.GroupCompleting, Members: 1, Idle: cluster.UnknownMembers, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(3)}}}}},
			{Name: "half", Coordinator: 1, Members: 1, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(100)}, {Partition: 1, Offset: cluster.OffsetAt(7)}}}}},
			{Name: "unsaid", Coordinator: 1, Members: cluster.UnknownMembers, Idle: cluster.UnknownMembers, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.UnknownOffset}}}, {Topic: "hidden"}, {Topic: "gone"}}},
			{Name: "whole", Coordinator: 1, Members: 2, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(100)}}}}},
		}, Old: []cluster.OldGroup{
			{Name: "old", Members: 2, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(99)}, {Partition: 1, Offset: cluster.OffsetAt(1)}}}}},
			{Name: "older", Members: cluster.UnknownMembers, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.UnknownOffset}}}}},
		}}),
		Outcomes: map[cluster.Source]cluster.Outcome{
			cluster.SourceEnsemble:   outcome(nil, cluster.Fault{Target: "z3:2181", Reason: "refused"}),
			cluster.SourceRegistry:   outcome(nil),
			cluster.SourceProbes:     outcome(nil, cluster.Fault{Target: "broker 0", Reason: "refused"}),
			cluster.SourcePartitions: outcome(nil), cluster.SourceGroups: outcome(nil), cluster.SourceOffsets: outcome(nil),
		},
		Requests: []cluster.RequestCount{{API: "ListGroups", Sent: 3}, {API: "ListOffsets", Sent: 12, Failed: 1}},
	})
	// What takes longer to be found out than one poll.
	groups, _ := s.Groups.Get()
	g := &groups.Groups[len(groups.Groups)-1]
	g.Verdict, g.Behind, g.Committed, g.Lost = cluster.GroupVerdict{Status: cluster.StatusStalled}, cluster.AgeOf(90*time.Second), t0.Add(-time.Minute), map[string]int{"test": 4}
	g.Topics[0].Commits[0].Behind = cluster.AgeOf(90 * time.Second)
	return s
}

// blindSnapshot is a cluster whose ensemble lost its quorum: one broker answers,
// the other does not, and nothing can be read.
func blindSnapshot() *cluster.Snapshot {
	err := errors.New("no session")
	return finish(&cluster.Snapshot{
		Cluster: "c", Trigger: cluster.TriggerInterval, Started: t0, Finished: t0.Add(2 * time.Second),
		Ensemble: &cluster.Ensemble{Servers: []cluster.Server{
			{Name: "z1:2181", Address: "10.0.0.1:2181", Mode: cluster.ModeNotServing, Status: cluster.ServerNotServing},
			{Name: "z2:2181", Mode: cluster.ModeUnreachable, Status: cluster.ServerTimeout},
			{Name: "z3:2181", Mode: cluster.ModeUnreachable, Status: cluster.ServerRefused},
		}},
		Brokers: []cluster.Broker{
			{ID: 0, Address: "b0:9092", Probe: cluster.Probe{Status: cluster.BrokerTimeout}},
			{ID: 1, Address: "b1:9092", Probe: cluster.Probe{Status: cluster.BrokerAlive, Took: time.Millisecond}},
		},
		BrokersTried: 2, BrokersHeard: 1,
		Outcomes: map[cluster.Source]cluster.Outcome{
			cluster.SourceEnsemble: outcome(nil), cluster.SourceProbes: outcome(nil),
			cluster.SourceRegistry:   outcome(err, cluster.Fault{Target: "ZooKeeper", Reason: "timeout"}),
			cluster.SourcePartitions: outcome(cluster.ErrDepends), cluster.SourceGroups: outcome(cluster.ErrDepends), cluster.SourceOffsets: outcome(cluster.ErrDepends),
		},
	})
}

// kraftSnapshot is a KRaft cluster of three brokers: broker 2 is fenced, broker 1 has
// lost a log directory and is being given a partition.
func kraftSnapshot() *cluster.Snapshot {
	registered := map[int32]*cluster.Registration{0: {ID: 0}, 1: {ID: 1}, 2: {ID: 2, Fenced: true}}
	broker := func(id int32, status cluster.BrokerStatus) cluster.Broker {
		return cluster.Broker{ID: id, Address: "b:9092", RegistryRead: true, Registration: registered[id], Probe: cluster.Probe{Status: status, Took: time.Millisecond}}
	}
	part := func(id int32, replicas, isr, adding, offline []int32) cluster.Partition {
		return cluster.Partition{ID: id, State: cluster.StateRecorded, Replicas: replicas, Leader: 0, ISR: isr, Adding: adding, Offline: offline, Reassigning: adding != nil, Version: cluster.NoVersion}
	}
	return finish(&cluster.Snapshot{
		Cluster: "c", Trigger: cluster.TriggerInterval, Started: t0, Finished: t0.Add(500 * time.Millisecond),
		Mode: cluster.ModeKRaft, Release: "4.4", ClusterID: "id",
		Registrations: cluster.Read(registered), Controller: cluster.Read(cluster.Controller{ID: 3001, Exists: true, Named: true}),
		Brokers:      []cluster.Broker{broker(0, cluster.BrokerAlive), broker(1, cluster.BrokerAlive), broker(2, cluster.BrokerRefused)},
		BrokersTried: 3, BrokersHeard: 2,
		Picture: cluster.Read(&cluster.Picture{OfflineTold: true, Topics: []cluster.Topic{
			{Name: "test", ID: "t", MinISR: 2, Partitions: []cluster.Partition{
				part(0, []int32{0, 1}, []int32{0}, nil, []int32{1}),
				part(1, []int32{0, 1, 2}, []int32{0, 2}, []int32{1}, nil),
				part(2, []int32{2, 0}, []int32{0}, nil, []int32{2}),
			}},
			{Name: "wide", ID: "w", MinISR: 3, Partitions: []cluster.Partition{part(0, []int32{0, 1}, []int32{0, 1}, nil, nil)}},
		}}),
		Groups: cluster.Read(&cluster.Groups{}),
		Quorum: cluster.Read(&cluster.Quorum{
			Leader: 3001, Epoch: 4, HighWatermark: 99,
			Voters:    []cluster.QuorumReplica{{ID: 3000, LogEnd: cluster.OffsetAt(90)}, {ID: 3001, LogEnd: cluster.OffsetAt(100)}, {ID: 3002, LogEnd: cluster.UnknownOffset}},
			Observers: []cluster.QuorumReplica{{ID: 0, LogEnd: cluster.OffsetAt(100)}},
		}),
		Permissions: map[cluster.Permission]bool{{Resource: "cluster", Operation: "alter"}: false, {Resource: "topic", Operation: "describe"}: true},
		Outcomes: map[cluster.Source]cluster.Outcome{
			cluster.SourceRegistry: outcome(nil), cluster.SourceProbes: outcome(nil), cluster.SourcePartitions: outcome(nil),
			cluster.SourceGroups: outcome(nil), cluster.SourceOffsets: outcome(nil), cluster.SourceQuorum: outcome(nil),
			cluster.SourceConfigs: outcome(nil, cluster.Fault{Target: "broker 0", Reason: cluster.ReasonPermission}),
		},
	})
}

package exporter

import (
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// describe tells what was published of a cluster. A snapshot that is too old to be
// true is not told.
func describe(w *watcher, now time.Time, detail bool) apiCluster {
	p, fresh := w.fresh(now)
	return describePublished(w, p, fresh, detail)
}

// describePublished is describe for who looks at the same snapshot further: a second look
// at the watcher may find another one.
func describePublished(w *watcher, p *published, fresh, detail bool) apiCluster {
	switch {
	case p == nil:
		return apiCluster{Name: w.cfg.Name, Stale: true, Troubles: []apiTrouble{}}
	case !fresh:
		return apiCluster{Name: w.cfg.Name, Stale: true, PolledAt: &p.snapshot.Finished, Troubles: []apiTrouble{}}
	}
	c := describeSnapshot(p.snapshot, detail)
	if !w.cfg.Shard.Whole() {
		c.Shard = w.cfg.Shard.String()
	}
	return c
}

// describeSnapshot tells a snapshot; with detail, every topic and group as well.
func describeSnapshot(s *cluster.Snapshot, detail bool) apiCluster {
	c := apiCluster{
		Name: s.Cluster, PolledAt: &s.Finished, Reachable: ptr(s.Reachable()), ID: s.ClusterID, Release: s.Release, Mode: string(s.Mode),
		Verdict: s.Verdict().String(), Troubles: []apiTrouble{}, Sources: map[string]apiSource{},
	}
	if controller, ok := s.Controller.Get(); ok && controller.Exists && controller.Named {
		c.Controller = &controller.ID
	}
	for _, t := range s.Troubles {
		c.Troubles = append(c.Troubles, apiTrouble{Severity: t.Severity.String(), Text: t.Text, Detail: t.Detail, Since: t.Since, Seen: t.Seen, Alert: t.Alert()})
	}
	for source, o := range s.Outcomes {
		c.Sources[string(source)] = apiSource{OK: o.Err == nil, Error: errorText(o.Err)}
	}
	c.Ensemble = describeEnsemble(s.Ensemble)
	c.Quorum = describeQuorum(s.Quorum)
	for i := range s.Brokers {
		c.Brokers = append(c.Brokers, describeBroker(s, &s.Brokers[i]))
	}
	c.Summary = describeSummary(s.Summary)
	if detail {
		c.Topics, c.Groups, c.OldGroups = describeTopics(s), describeGroups(s), describeOldGroups(s)
	}
	return c
}

func describeEnsemble(e *cluster.Ensemble) *apiEnsemble {
	if e == nil {
		return nil
	}
	a := &apiEnsemble{HasQuorum: known(e.HasQuorum()), Leaders: known(e.Leaders()), Voters: known(e.Voters()), Unconfigured: e.Unconfigured()}
	for i := range e.Servers {
		v := &e.Servers[i]
		a.Servers = append(a.Servers, apiServer{Name: v.Name, Mode: string(v.Mode), Status: string(v.Status), Version: v.Version, Error: errorText(v.Err)})
	}
	return a
}

func describeQuorum(r cluster.Reading[*cluster.Quorum]) *apiQuorum {
	q, ok := r.Get()
	if !ok {
		return nil
	}
	a := &apiQuorum{Leader: q.Leader, Epoch: q.Epoch}
	for _, v := range q.Voters {
		a.Voters = append(a.Voters, apiQuorumNode{ID: v.ID, Lag: known(q.Lag(v))})
	}
	for _, v := range q.Observers {
		a.Observers = append(a.Observers, apiQuorumNode{ID: v.ID, Lag: known(q.Lag(v))})
	}
	return a
}

func describeBroker(s *cluster.Snapshot, b *cluster.Broker) apiBroker {
	a := apiBroker{
		ID: b.ID, Address: b.Address, Rack: b.Rack, Status: string(b.Status()),
		Up: known(b.Up()), Registered: known(b.Registered()), Error: errorText(b.Probe.Err),
	}
	if b.Registration != nil && !b.Registration.Registered.IsZero() {
		a.RegisteredAt = &b.Registration.Registered
	}
	if b.Probe.Answered() {
		a.ResponseSeconds = ptr(b.Probe.Took.Seconds())
	}
	if z := s.Summary; z != nil && z.AssignmentKnown {
		load := z.Load(b.ID)
		a.PreferredLeaders = &load.PreferredLeaders
	}
	if z := s.Summary; z != nil && z.StatesKnown {
		load := z.Load(b.ID)
		a.Leaders, a.OutOfSync = &load.Leaders, &load.OutOfSync
		a.ImbalanceRatio = known(load.ImbalanceRatio())
		if registered, known := b.Registered(); z.RegistryKnown && registered && known {
			a.StopOfflines = &load.StopOfflines
		}
	}
	return a
}

func describeSummary(z *cluster.Summary) *apiSummary {
	if z == nil || !z.AssignmentKnown {
		return nil
	}
	a := &apiSummary{Total: z.Partitions, Reassigning: known(z.Reassigning, z.MovesKnown)}
	if z.StatesKnown && z.RegistryKnown {
		a.Offline, a.LeaderUnreachable = &z.Offline, known(z.LeaderUnreachable, z.ProbesKnown)
		a.UnderReplicated = map[string]int{}
		for _, reason := range cluster.MissingReasons {
			if reason == cluster.MissingLogDir && !z.LogDirsKnown {
				continue
			}
			a.UnderReplicated[string(reason)] = z.UnderReplicated[reason]
		}
		a.UnderMinISR, a.AtMinISR = known(z.UnderMinISR, z.MinISRKnown), known(z.AtMinISR, z.MinISRKnown)
		a.NotPreferred = map[string]int{"electable": z.Electable, "not_electable": z.NotElectable}
	}
	return a
}

func describeTopics(s *cluster.Snapshot) map[string][]apiPart {
	picture, ok := s.Picture.Get()
	if !ok {
		return nil
	}
	topics := map[string][]apiPart{}
	for i := range picture.Topics {
		t := &picture.Topics[i]
		parts := make([]apiPart, 0, len(t.Partitions))
		for j := range t.Partitions {
			p := &t.Partitions[j]
			a := apiPart{Partition: p.ID, Replicas: p.Replicas, Start: offset(p.Start), End: offset(p.End)}
			switch p.State {
			case cluster.StateRecorded:
				a.Leader, a.ISR = &p.Leader, &p.ISR
			case cluster.StateLeader:
				a.Leader = &p.Leader
			case cluster.StateAbsent:
				a.Leader = ptr(cluster.NoLeader)
			}
			parts = append(parts, a)
		}
		topics[t.Name] = parts
	}
	return topics
}

// known returns a pointer to a value that is known, nil to one that is not.
func known[T any](value T, ok bool) *T {
	if !ok {
		return nil
	}
	return &value
}

func ptr[T any](value T) *T { return &value }

func offset(o cluster.Offset) *int64 { return known(o.Int(), o.Known()) }

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

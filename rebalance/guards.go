package rebalance

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

// guard is a reason of the whole cluster not to elect.
type guard struct {
	name      Guard
	atStart   bool // asked before a run, and not again between its batches
	notByHand bool // set aside where a person asks
	// holds says why in one sentence; "" where it does not hold. What needs a picture
	// that could not be read does not hold: Blind does then.
	holds func(c *situation) string
	// until is when one that holds lets go by the mere passing of time, zero for never; nil
	// for a guard that does not count time.
	until func(c *situation) time.Time
}

// guards are in the order of Guards.
var guards = []guard{
	{name: Unsupported, holds: (*situation).unsupported},
	{name: Unauthorized, holds: (*situation).unauthorized},
	{name: Blind, holds: (*situation).blind},
	{name: NoQuorum, holds: (*situation).noQuorum},
	{name: NoController, holds: (*situation).noController},
	{name: ElectionPending, holds: (*situation).electionPending},
	{name: NotPersistent, atStart: true, notByHand: true, holds: (*situation).notPersistent, until: (*situation).notPersistentUntil},
	{name: BrokerLeft, holds: (*situation).brokerLeft, until: (*situation).brokerLeftUntil},
	{name: BrokersDown, holds: (*situation).brokersDown},
	{name: UnderReplicated, holds: (*situation).underReplicated},
	{name: Reassigning, holds: (*situation).reassigning},
	{name: OutsideWindow, atStart: true, notByHand: true, holds: (*situation).outsideWindow, until: (*situation).outsideWindowUntil},
	{name: Cooldown, atStart: true, notByHand: true, holds: (*situation).cooldown, until: (*situation).cooldownUntil},
	{name: Budget, atStart: true, notByHand: true, holds: (*situation).budget, until: (*situation).budgetUntil},
	{name: PingPong, notByHand: true, holds: (*situation).pingPong},
	{name: NotLeader, notByHand: true, holds: (*situation).notLeader},
	{name: Paused, notByHand: true, holds: (*situation).paused},
}

// unsupported holds where preferred leaders cannot be told, and where nothing proves that
// what is told of the partitions is still true.
func (c *situation) unsupported() string {
	if c.s == nil {
		return ""
	}
	if picture, read := c.s.Picture.Get(); read && picture.LeadersOnly {
		return "the cluster does not tell the replicas of its partitions, so it has no preferred leaders that could be elected"
	}
	if c.s.Unconfirmed {
		return "nothing in this cluster can prove that a controller is active; where it has a ZooKeeper, evenkeel has to be told its address"
	}
	return ""
}

func (c *situation) blind() string {
	if c.s == nil {
		return "the cluster was not read yet"
	}
	switch age := c.now.Sub(c.s.Finished); {
	case age < 0:
		return fmt.Sprintf("the last snapshot is dated %s from now; a clock was set back", span(-age))
	case age > c.p.Fresh:
		return fmt.Sprintf("the last snapshot is %s old, more than %s", span(age), span(c.p.Fresh))
	default:
		return unreadable(c.s)
	}
}

func (c *situation) noQuorum() string {
	if c.s == nil || c.s.Ensemble == nil || c.s.Mode == cluster.ModeKRaft {
		return ""
	}
	n := len(c.s.Ensemble.Servers)
	switch quorum, known := c.s.Ensemble.HasQuorum(); {
	case !known:
		return fmt.Sprintf("none of the %d ZooKeeper servers told whether there is a quorum", n)
	case !quorum:
		return fmt.Sprintf("none of the %d ZooKeeper servers belongs to a quorum", n)
	default:
		return ""
	}
}

func (c *situation) noController() string {
	if c.s == nil {
		return ""
	}
	switch controller, read := c.s.Controller.Get(); {
	case !read:
		return "whether a controller is active could not be read: " + c.s.Controller.Err().Error()
	case !controller.Exists:
		return "no controller is active"
	case c.s.Mode == cluster.ModeZooKeeper && controller.Named:
		// It alone elects. One that hangs would not take the election, either.
		if b := c.s.Broker(controller.ID); b != nil && !b.Probe.Answered() {
			return fmt.Sprintf("broker %d, the controller, does not answer us", b.ID)
		}
	}
	return ""
}

func (c *situation) electionPending() string {
	if c.s == nil || !c.s.ElectionPending {
		return ""
	}
	return "a preferred-replica election is written in ZooKeeper already, and the controller has not taken it yet; or whether one is could not be read"
}

// notPersistent holds while one of the brokers that the run would bring back is above
// the threshold only for a short time.
func (c *situation) notPersistent() string {
	for _, id := range c.elected {
		if above := c.m.Watch.aboveFor(id); above < c.p.PersistFor {
			return fmt.Sprintf("broker %d has been above %s for %s in snapshots that could be read, less than %s",
				id, percent(c.p.Threshold), span(above), span(c.p.PersistFor))
		}
	}
	return ""
}

// standing returns the brokers that stand in an assignment, by id.
func (c *situation) standing() []int32 {
	if c.summary == nil {
		return nil
	}
	var ids []int32
	for id, load := range c.summary.Loads {
		if load.Replicas > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (c *situation) brokerLeft() string {
	latest, why := time.Duration(math.MaxInt64), ""
	for _, id := range c.standing() {
		ago, sure, left := c.m.Watch.leftAgo(id)
		if !left || ago >= c.p.BrokerLeft || ago >= latest {
			continue
		}
		latest = ago
		why = fmt.Sprintf("broker %d left %s ago, less than %s", id, span(ago), span(c.p.BrokerLeft))
		if !sure {
			why = fmt.Sprintf("broker %d has been watched for %s only, so it may have left less than %s ago", id, span(ago), span(c.p.BrokerLeft))
		}
	}
	return why
}

func (c *situation) brokersDown() string {
	ids := c.standing()
	n := len(ids)
	down := slices.DeleteFunc(ids, c.registered)
	if limit := maxBrokersDown(c.p.MaxBrokersDown, n); len(down) > limit {
		return fmt.Sprintf("of %d brokers that stand in an assignment, more than %d are not registered: %s", n, limit, list(down))
	}
	return ""
}

// maxBrokersDown leaves a large cluster some brokers that are away for days.
func maxBrokersDown(limit, brokers int) int {
	switch {
	case limit != config.Auto:
		return limit
	case brokers < 10:
		return 0
	default:
		return (2*brokers + 99) / 100
	}
}

func (c *situation) underReplicated() string {
	if c.summary == nil {
		return ""
	}
	limit := c.p.MaxUnderReplicated
	if limit == config.Auto {
		limit = c.summary.Partitions / 1000
	}
	if lagging := c.summary.UnderReplicated[cluster.MissingLagging]; lagging > limit {
		return fmt.Sprintf("of %d partitions, %d have a replica that lags, more than %d", c.summary.Partitions, lagging, limit)
	}
	return ""
}

func (c *situation) reassigning() string {
	if c.summary == nil || c.summary.Reassigning <= c.p.MaxReassigning {
		return ""
	}
	return fmt.Sprintf("%d partitions are being reassigned, more than %d", c.summary.Reassigning, c.p.MaxReassigning)
}

package collectors

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/zookeeper"
)

const (
	minISRKey = "min.insync.replicas"

	// How long a controller waits for a silent broker.
	sessionKeyKRaft     = "broker.session.timeout.ms"
	sessionKeyZooKeeper = "zookeeper.session.timeout.ms"

	balancerKey = "auto.leader.rebalance.enable"

	// configsAge is how old a setting may become before it is read again: people
	// change them rarely, and there are as many as topics.
	configsAge = 5 * time.Minute
	// configsBatch is how many topics are asked for in one request, and, once all
	// have been read, in one poll.
	configsBatch = 500
)

// minISRMemory holds what min.insync.replicas was when it was last read, by topic.
type minISRMemory map[string]minISR

type minISR struct {
	value int // 0 when it could not be told
	read  time.Time
	of    cluster.Topic // its id and znode: another topic of the same name has other settings
}

// readConfigs reads min.insync.replicas of the topics that it was not read of yet,
// or of those of which it was read longest ago, and puts what is known of all into
// the picture.
func (r *reading) readConfigs(ctx context.Context) {
	r.source(cluster.SourceConfigs, func() ([]cluster.Fault, error) {
		picture, ok := r.picture.Get()
		if !ok {
			return nil, dependsOn(cluster.SourcePartitions)
		}
		if picture.LeadersOnly {
			return nil, nil
		}
		faults := r.refreshMinISR(ctx, picture)
		for i := range picture.Topics {
			picture.Topics[i].MinISR = r.minISR[picture.Topics[i].Name].value
		}
		return faults, nil
	})
}

// refreshMinISR asks for the settings of topics that are due. Those that it gets no
// answer for stay due, and are what they were before. While nothing is due, what went
// wrong the last time still holds.
func (r *reading) refreshMinISR(ctx context.Context, picture *cluster.Picture) (faults []cluster.Fault) {
	now := time.Now()
	due := r.due(picture, now)
	if len(due) == 0 || ctx.Err() != nil {
		return r.configFaults
	}
	defer func() { r.configFaults = faults }()
	ask := r.configReader(ctx)
	if ask == nil {
		return nil
	}
	for batch := range slices.Chunk(due, configsBatch) {
		values, f := ask(batch)
		faults = append(faults, f...)
		for topic, value := range values {
			t := picture.Topic(topic)
			r.minISR[topic] = minISR{value: value, read: now, of: cluster.Topic{ID: t.ID, Created: t.Created}}
		}
		if len(f) > 0 || ctx.Err() != nil {
			break // the rest has its turn in a later poll
		}
	}
	return faults
}

// due returns the topics to be asked for: all that were never read, else a batch of
// the oldest. It forgets topics that are gone.
func (r *reading) due(picture *cluster.Picture, now time.Time) []string {
	memory := make(minISRMemory, len(picture.Topics))
	var unread, old []string
	for i := range picture.Topics {
		t := &picture.Topics[i]
		if t.Deleting || t.Unreadable {
			continue
		}
		m, known := r.minISR[t.Name]
		if same, _ := m.of.Same(t); !same {
			known = false
		}
		switch {
		case !known:
			unread = append(unread, t.Name)
			continue
		case now.Sub(m.read) >= configsAge:
			old = append(old, t.Name)
		}
		memory[t.Name] = m
	}
	r.minISR = memory
	slices.SortFunc(old, func(a, b string) int { return cmp.Compare(memory[a].read.UnixNano(), memory[b].read.UnixNano()) })
	return append(unread, old[:min(len(old), configsBatch)]...)
}

// askConfigs returns min.insync.replicas of topics, 0 where it cannot be told. Topics
// for which there was no answer are left out.
type askConfigs func(topics []string) (map[string]int, []cluster.Fault)

// configReader returns who tells the topics' settings: a broker whose release can,
// else ZooKeeper; nil when nobody does.
func (r *reading) configReader(ctx context.Context) askConfigs {
	nodes := r.answering()
	for _, n := range nodes {
		if r.brokers.Identity(n).Configs {
			r.readSessionTimeout(ctx, n)
			r.readBalancer(ctx, n)
			return func(topics []string) (map[string]int, []cluster.Fault) { return r.minISRFromBroker(ctx, n, topics) }
		}
	}
	if r.registry == nil || len(nodes) == 0 {
		return nil
	}
	return func(topics []string) (map[string]int, []cluster.Fault) { return r.minISRFromZooKeeper(ctx, topics) }
}

// minISRFromBroker asks a broker, whose answer has the brokers' own setting where the
// topic has none.
func (r *reading) minISRFromBroker(ctx context.Context, n kafka.Node, topics []string) (map[string]int, []cluster.Fault) {
	told, refused, err := r.brokers.TopicConfigs(ctx, n, topics, minISRKey)
	if err != nil {
		return nil, []cluster.Fault{brokerFault(n.ID, kafka.Reason(err), err)}
	}
	values, bad := numbers(told)
	count := 0
	var first error
	for _, topic := range topics {
		err := refused[topic]
		if err == nil || kafka.IsUnknownTopic(err) {
			continue // it was made or deleted only now
		}
		values[topic] = 0
		if count++; first == nil {
			first = err
		}
	}
	var faults []cluster.Fault
	if first != nil {
		faults = append(faults, brokerFault(n.ID, kafka.Reason(first), fmt.Errorf("%s of %d topics, the first: %w", minISRKey, count, first)))
	}
	if bad != nil {
		faults = append(faults, brokerFault(n.ID, string(cluster.BrokerProtocolError), bad))
	}
	return values, faults
}

// minISRFromZooKeeper reads the topics' own settings. What the brokers have for the
// other topics no release tells that has to be asked so; the configuration may.
func (r *reading) minISRFromZooKeeper(ctx context.Context, topics []string) (map[string]int, []cluster.Fault) {
	told, faults, err := r.registry.TopicConfigs(ctx, topics, minISRKey)
	if err != nil {
		return nil, append(faults, cluster.Fault{Target: "ZooKeeper", Reason: zookeeper.Reason(err), Err: err})
	}
	others := r.cfg.Kafka.MinInsyncReplicas
	if len(faults) > 0 {
		others = 0 // a topic that is not told may have a setting that could not be read
	}
	values, bad := numbers(told)
	if bad != nil {
		faults = append(faults, cluster.Fault{Target: "ZooKeeper", Reason: string(cluster.ServerBadReply), Err: bad})
	}
	for _, topic := range topics {
		if _, own := told[topic]; !own {
			values[topic] = others
		}
	}
	return values, faults
}

// numbers reads settings that are numbers from 1 on. One that is not is 0, and the
// error tells of one of them.
func numbers(told map[string]string) (values map[string]int, bad error) {
	values = make(map[string]int, len(told))
	for topic, text := range told {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			bad = fmt.Errorf("%s of topic %s is %.40q, which is no number from 1 on", minISRKey, topic, text)
			n = 0
		}
		values[topic] = n
	}
	return values, bad
}

// readBalancer learns whether the controllers elect preferred leaders of their own accord.
func (r *reading) readBalancer(ctx context.Context, n kafka.Node) {
	text, err := r.brokers.BrokerConfig(ctx, n, balancerKey)
	if err != nil {
		return
	}
	if on, err := strconv.ParseBool(text); err == nil {
		r.balances = &on
	}
}

// readSessionTimeout learns how long the controllers wait for a silent broker. Where
// it is not told, the default stands.
func (r *reading) readSessionTimeout(ctx context.Context, n kafka.Node) {
	if r.registry != nil && r.mode != cluster.ModeKRaft {
		return // the registry tells at once who is gone
	}
	key := sessionKeyZooKeeper
	if r.mode == cluster.ModeKRaft {
		key = sessionKeyKRaft
	}
	text, err := r.brokers.BrokerConfig(ctx, n, key)
	if err != nil {
		return
	}
	if ms, err := strconv.Atoi(text); err == nil && ms > 0 {
		r.session = time.Duration(ms) * time.Millisecond
	}
}

package collectors

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// tieredKey says whether a part of a topic's logs may lie in tiered storage (KIP-405),
// which came with Kafka 3.6.
const (
	tieredKey   = "remote.storage.enable"
	tieredSince = "3.6"
)

// tiers remembers which topics lie on the brokers' own disks as a whole. Its zero
// value knows of none.
type tiers struct {
	mu     sync.Mutex // leaders are asked side by side
	topics map[string]tier
}

type tier struct {
	local bool
	read  time.Time
	of    cluster.Topic // its id and znode
}

// local returns those of the topics that are known to lie on the brokers' own disks.
// Where the setting may not be read, none is.
func (t *tiers) local(ctx context.Context, r *reading, n kafka.Node, picture *cluster.Picture, topics []string) (map[string]bool, error) {
	local := map[string]bool{}
	if release := r.brokers.Identity(n).Release; release != "" && older(release, tieredSince) {
		for _, topic := range topics {
			local[topic] = true
		}
		return local, nil
	}
	var unknown []string
	t.mu.Lock()
	for _, topic := range topics {
		known, ok := t.topics[topic]
		same, _ := known.of.Same(picture.Topic(topic))
		switch {
		case !ok || !same || r.started.Sub(known.read) >= configsAge:
			unknown = append(unknown, topic)
		case known.local:
			local[topic] = true
		}
	}
	t.mu.Unlock()
	if len(unknown) == 0 {
		return local, nil
	}
	unknown = unknown[:min(len(unknown), configsBatch)]
	values, _, err := r.brokers.TopicConfigs(ctx, n, unknown, tieredKey)
	if err != nil {
		return local, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.topics == nil {
		t.topics = map[string]tier{}
	}
	maps.DeleteFunc(t.topics, func(topic string, _ tier) bool { return picture.Topic(topic) == nil })
	for _, topic := range unknown {
		of := picture.Topic(topic)
		t.topics[topic] = tier{local: values[topic] == "false", read: r.started, of: cluster.Topic{ID: of.ID, Created: of.Created}}
		if values[topic] == "false" {
			local[topic] = true
		}
	}
	return local, nil
}

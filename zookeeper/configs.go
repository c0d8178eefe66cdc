package zookeeper

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

const topicConfigsPath = "/config/topics"

// TopicConfigs returns what key, min.insync.replicas for one, is set to for each
// of these topics. A topic that does not override it is left out, and so is one
// whose znode cannot be read or understood, for which there is a fault. An error
// means that nothing was read; it returns by the context's deadline.
//
// It is one reading for each topic, meant to be called at a slow pace, and for
// releases that cannot be asked for it (DescribeConfigs, from Kafka 0.11).
func (s *Session) TopicConfigs(ctx context.Context, topics []string, key string) (map[string]string, []cluster.Fault, error) {
	var (
		f      faults
		mu     sync.Mutex
		values = make(map[string]string)
	)
	err := each(len(topics), func(i int) error {
		value, ok, err := s.topicConfig(ctx, topics[i], key, &f)
		if ok {
			mu.Lock()
			values[topics[i]] = value
			mu.Unlock()
		}
		return err
	})
	if err != nil {
		return nil, f.all(), err
	}
	return values, f.all(), nil
}

func (s *Session) topicConfig(ctx context.Context, topic, key string, f *faults) (value string, ok bool, err error) {
	path := topicConfigsPath + "/" + topic
	node, err := s.get(ctx, path)
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return "", false, nil
	case err != nil && ofOneZnode(err):
		f.add(s.target(path), err)
		return "", false, nil
	case err != nil:
		return "", false, err
	}
	overrides, err := parseConfig(node.data)
	if err != nil {
		f.add(s.target(path), s.rubbish(path, err))
		return "", false, nil
	}
	value, ok = overrides[key]
	return value, ok, nil
}

// parseConfig reads the overrides of a topic. Kafka writes every value as a
// string, and no data at all for a topic without overrides up to 0.8.
func parseConfig(data []byte) (map[string]string, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var raw struct {
		Config map[string]string `json:"config"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	return raw.Config, nil
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// configsForm is the newest form of DescribeConfigs that we know.
const configsForm = 4

// errNoSetting is the error of a setting that is not in the answer, or is secret.
var errNoSetting = errors.New("the answer has no value for the setting")

// TopicConfigs returns the value of one setting for each of the topics, as it is in
// force there, in one request. Topics of which it could not be told have an error of
// their own; only a failure of the whole request is returned as the last result. The
// topics must exist.
func (c *Client) TopicConfigs(ctx context.Context, n Node, topics []string, name string) (map[string]string, map[string]error, error) {
	if len(topics) == 0 {
		return nil, nil, nil
	}
	told, refused, err := c.configs(ctx, n, kmsg.ConfigResourceTypeTopic, topics, name)
	for topic, err := range refused {
		refused[topic] = fmt.Errorf("%s: topic %s: %w", n, topic, err)
	}
	return told, refused, err
}

// BrokerConfig returns the value of one setting of the node itself.
func (c *Client) BrokerConfig(ctx context.Context, n Node, name string) (string, error) {
	id := strconv.Itoa(int(n.ID))
	told, refused, err := c.configs(ctx, n, kmsg.ConfigResourceTypeBroker, []string{id}, name)
	if err != nil {
		return "", err
	}
	if err := refused[id]; err != nil {
		return "", fmt.Errorf("%s: %w", n, err)
	}
	return told[id], nil
}

// configs asks for one setting of several resources of a kind. Each of them is in
// one of the two results.
func (c *Client) configs(ctx context.Context, n Node, kind kmsg.ConfigResourceType, names []string, setting string) (map[string]string, map[string]error, error) {
	request := kmsg.NewPtrDescribeConfigsRequest()
	for _, name := range names {
		resource := kmsg.NewDescribeConfigsRequestResource()
		resource.ResourceType, resource.ResourceName, resource.ConfigNames = kind, name, []string{setting}
		request.Resources = append(request.Resources, resource)
	}
	s, err := ask(ctx, c, n, request, configsForm, func(r *reader, version int16) (settings, error) {
		return readSettings(r, version, names, setting), nil
	})
	return s.told, s.refused, err
}

// settings are the values of one setting, and why it is not known of others, by the
// names of the resources.
type settings struct {
	told    map[string]string
	refused map[string]error
}

// readSettings reads an answer to DescribeConfigs of any version up to ours.
func readSettings(from *reader, version int16, names []string, setting string) settings {
	s := settings{told: make(map[string]string, len(names)), refused: make(map[string]error)}
	for _, name := range names {
		s.refused[name] = fmt.Errorf("%s: %w", setting, errNoSetting)
	}
	r := configReader{reader: from, version: version, setting: setting}
	r.int32() // the time for which we are throttled
	for n := r.array(7); n > 0 && r.err == nil; n-- {
		refusal := r.refusal()
		r.take(1) // the kind of resource
		name := string(r.text())
		value := r.value()
		switch _, asked := s.refused[name]; {
		case !asked:
		case refusal != nil:
			s.refused[name] = fmt.Errorf("%s: %w", setting, refusal)
		case value != nil:
			s.told[name] = string(value)
			delete(s.refused, name)
		}
	}
	r.tags()
	return s
}

// configReader reads of the settings of a resource the one that was asked for.
type configReader struct {
	*reader
	version int16
	setting string
}

// value reads the settings of a resource to their end, and returns the value of ours,
// nil for none.
func (r *configReader) value() (value []byte) {
	for n := r.array(7); n > 0 && r.err == nil; n-- {
		name, told := r.text(), r.text()
		if string(name) == r.setting && told != nil {
			value = told
		}
		r.take(3) // whether it is read-only, whether or from where it is the default, whether it is secret
		if r.version >= 1 {
			r.synonyms()
		}
		if r.version >= 3 {
			r.take(1) // its type
			r.text()  // its documentation
		}
		r.tags()
	}
	r.tags()
	return value
}

// synonyms reads past the places from which a setting may come.
func (r *configReader) synonyms() {
	for n := r.array(4); n > 0 && r.err == nil; n-- {
		r.text() // name
		r.text() // value
		r.take(1)
		r.tags()
	}
}

// IsUnknownTopic says whether an error of this package is that of a topic which does
// not exist, or which the broker does not know yet.
func IsUnknownTopic(err error) bool { return isCode(err, sarama.ErrUnknownTopicOrPartition) }

package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

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
	response, err := ask[*kmsg.DescribeConfigsResponse](ctx, c, n, request, 4)
	if err != nil {
		return nil, nil, err
	}
	told, refused := make(map[string]string, len(names)), make(map[string]error)
	for _, name := range names {
		refused[name] = fmt.Errorf("%s: %w", setting, errNoSetting)
	}
	for _, resource := range response.Resources {
		name := resource.ResourceName
		if _, asked := refused[name]; !asked {
			continue
		}
		if err := codeError(resource.ErrorCode, resource.ErrorMessage); err != nil {
			refused[name] = fmt.Errorf("%s: %w", setting, err)
			continue
		}
		for _, config := range resource.Configs {
			if config.Name == setting && config.Value != nil {
				told[name] = *config.Value
				delete(refused, name)
			}
		}
	}
	return told, refused, nil
}

// IsUnknownTopic says whether an error of this package is that of a topic which does
// not exist, or which the broker does not know yet.
func IsUnknownTopic(err error) bool { return isCode(err, sarama.ErrUnknownTopicOrPartition) }

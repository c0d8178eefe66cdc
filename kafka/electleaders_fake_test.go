package kafka

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// electsByName says what is wrong with a request for elections: it must be for the
// preferred replicas, and name partitions, because without any it is for all of them.
func (r received) electsByName() error {
	request := &kmsg.ElectLeadersRequest{Version: r.version}
	body := r.body
	if request.IsFlexible() {
		body = body[1:] // the tagged fields of the header, of which there are none
	}
	if err := request.ReadFrom(body); err != nil {
		return err
	}
	if request.ElectionType != 0 {
		return fmt.Errorf("an election of type %d", request.ElectionType)
	}
	if len(request.Topics) == 0 {
		return errors.New("it is for all partitions")
	}
	for _, topic := range request.Topics {
		if topic.Topic == "" || len(topic.Partitions) == 0 {
			return errors.New("it names no partition of a topic")
		}
	}
	return nil
}

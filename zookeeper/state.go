package zookeeper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/evenkeel/evenkeel/cluster"
)

// stateJSON is the data of a partition's state.
type stateJSON struct {
	Leader      *int32  `json:"leader"`
	LeaderEpoch int32   `json:"leader_epoch"`
	ISR         []int32 `json:"isr"`
}

// parseState reads the data of a partition's state into the partition, which is
// not changed by an error. A missing ISR is an empty one.
func parseState(data []byte, p *cluster.Partition) error {
	leader, epoch, isr, ok := usualState(data)
	if !ok {
		var raw stateJSON
		if err := json.Unmarshal(data, &raw); err != nil {
			return err
		}
		if raw.Leader == nil {
			return errNoLeader
		}
		leader, epoch, isr = *raw.Leader, raw.LeaderEpoch, raw.ISR
	}
	if leader < cluster.NoLeader {
		return errNoLeader
	}
	if isr != nil {
		if err := checkReplicas(isr); err != nil {
			return fmt.Errorf("ISR: %w", err)
		}
	}
	p.State, p.Leader, p.LeaderEpoch, p.ISR = cluster.StateRecorded, leader, epoch, isr
	return nil
}

var errNoLeader = errors.New("it names no leader")

// usualState reads a state that is written to the letter as all releases of Kafka
// write it. Of a large cluster there are tens of thousands in every poll, and this
// takes a tenth of the time that encoding/json does. It is not ok with anything
// that is in any way different.
func usualState(data []byte) (leader, epoch int32, isr []int32, ok bool) {
	s := scanner{rest: data}
	s.text(`{"controller_epoch":`)
	s.number()
	s.text(`,"leader":`)
	leader = s.number()
	s.text(`,"version":`)
	s.number()
	s.text(`,"leader_epoch":`)
	epoch = s.number()
	s.text(`,"isr":[`)
	isr = s.numbers()
	s.text(`]}`)
	return leader, epoch, isr, !s.failed && len(s.rest) == 0
}

// scanner reads what is expected, and notes when something else is there.
type scanner struct {
	rest   []byte
	failed bool
}

func (s *scanner) text(want string) {
	if len(s.rest) < len(want) || string(s.rest[:len(want)]) != want {
		s.failed, s.rest = true, nil
		return
	}
	s.rest = s.rest[len(want):]
}

// number reads an integer of at most nine digits as JSON has it.
func (s *scanner) number() int32 {
	const maxDigits = 9
	negative := len(s.rest) > 0 && s.rest[0] == '-'
	if negative {
		s.rest = s.rest[1:]
	}
	n, digits := int32(0), 0
	for ; digits < len(s.rest) && digits < maxDigits && '0' <= s.rest[digits] && s.rest[digits] <= '9'; digits++ {
		n = 10*n + int32(s.rest[digits]-'0')
	}
	if digits == 0 || digits > 1 && s.rest[0] == '0' {
		s.failed, s.rest = true, nil
		return 0
	}
	s.rest = s.rest[digits:]
	if negative {
		return -n
	}
	return n
}

// numbers reads integers up to the end of their list, of which there may be none.
func (s *scanner) numbers() []int32 {
	list := make([]int32, 0, 1+bytes.Count(s.rest, []byte{','}))
	if len(s.rest) > 0 && s.rest[0] == ']' {
		return list
	}
	for list = append(list, s.number()); len(s.rest) > 0 && s.rest[0] == ','; list = append(list, s.number()) {
		s.rest = s.rest[1:]
	}
	return list
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// newElector starts a broker that knows ElectLeaders up to a form, and answers it.
func newElector(t *testing.T, newest int16, handle func(received) answer) *fake {
	t.Helper()
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyElectLeaders: newest})
		}
		return handle(r)
	})
	f.elects = true
	return f
}

// The request, byte by byte, in each of its forms, and what is made of an answer.
func TestElectPreferred(t *testing.T) {
	for version, want := range map[int16]*message{
		// topics: name, partitions; time
		0: new(message).int32(2).str("bills").int32(1).int32(3).str("orders").int32(2).int32(0).int32(7).int32(1500),
		// the same behind the type of the election
		1: new(message).int8(0).int32(2).str("bills").int32(1).int32(3).str("orders").int32(2).int32(0).int32(7).int32(1500),
		// and with tagged fields and short lengths
		2: new(message).int8(0).int8(0).int8(3).compact("bills").int8(2).int32(3).int8(0).compact("orders").int8(3).int32(0).int32(7).int8(0).int32(1500).int8(0),
	} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			f := newElector(t, version, func(r received) answer {
				m := new(message)
				switch r.version {
				case 0:
					m.int32(0)
				case 1:
					m.int32(0).int16(0)
				case 2:
					return m.int8(0).int32(0).int16(0).int8(2).compact("orders").int8(2).int32(7).int16(0).int8(0).int8(0).int8(0).int8(0).answer()
				}
				return m.int32(1).str("orders").int32(1).int32(7).int16(0).int16(-1).answer()
			})
			n := f.node(5)
			elected, err := newTestClient(t).ElectPreferred(within(t), n, map[string][]int32{"orders": {7, 0, 7}, "bills": {3}, "empty": nil})
			if err != nil {
				t.Fatal(err)
			}
			silent := func(topic string, partition int32) error {
				return &electionError{n, topic, partition, errNotAnswered}
			}
			if want := map[string]map[int32]error{"orders": {0: silent("orders", 0), 7: nil}, "bills": {3: silent("bills", 3)}}; !reflect.DeepEqual(elected, want) {
				t.Errorf("elected %v, want %v", elected, want)
			}
			if sent := f.seen(keyElectLeaders); len(sent) != 1 || sent[0].version != version || !slices.Equal(sent[0].body, want.Bytes()) {
				t.Errorf("sent %+v, want %v", sent, want.Bytes())
			}
		})
	}
}

// No list of topics would mean all partitions: it is never sent.
func TestNoElectionOfAllPartitions(t *testing.T) {
	f := newElector(t, 2, func(received) answer { return answer{hangUp: true} })
	c := newTestClient(t)
	for _, ask := range []map[string][]int32{nil, {}, {"orders": nil}, {"orders": {}, "bills": nil}} {
		if elected, err := c.ElectPreferred(within(t), f.node(5), ask); elected != nil || err != nil {
			t.Errorf("of %v: %v, %v", ask, elected, err)
		}
	}
	if f.connections() != 0 {
		t.Errorf("%+v were sent", f.seen())
	}
	// That the fake would tell.
	for version := range int16(electLeadersForm + 1) {
		for _, topics := range [][]kmsg.ElectLeadersRequestTopic{nil, {}, {{Topic: "orders"}}} {
			request := &kmsg.ElectLeadersRequest{Version: version, Topics: topics}
			body := request.AppendTo(nil)
			if request.IsFlexible() {
				body = append([]byte{0}, body...)
			}
			if err := (received{key: keyElectLeaders, version: version, body: body}).electsByName(); err == nil {
				t.Errorf("version %d of %v is let through", version, topics)
			}
		}
	}
}

func TestElectionIsGivenLessTimeThanTheCall(t *testing.T) {
	c := newTestClient(t)
	for limit, most := range map[time.Duration]int32{time.Hour: 1500, 400 * time.Millisecond: 300, time.Nanosecond: 1} {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		if got := c.electionMillis(ctx); got < 1 || got > most {
			t.Errorf("within %v the controller is given %d ms, want at most %d", limit, got, most)
		}
		cancel()
	}
}

func TestElectionsRefused(t *testing.T) {
	for code, is := range map[int16]func(error) bool{
		84: IsElectionNotNeeded, 80: IsPreferredNotAvailable, 7: IsRequestTimedOut, 31: IsUnauthorized, 41: IsNotController, 3: IsUnknownTopic,
	} {
		for whole, body := range map[bool]*message{
			false: new(message).int32(0).int16(0).int32(1).str("orders").int32(1).int32(0).int16(code).str("because"),
			true:  new(message).int32(0).int16(code).int32(0),
		} {
			f := newElector(t, 1, func(received) answer { return body.answer() })
			elected, err := newTestClient(t).ElectPreferred(within(t), f.node(5), map[string][]int32{"orders": {0}})
			told := err
			if !whole {
				told = elected["orders"][0]
			}
			if (err != nil) != whole || (elected == nil) != whole || !is(told) || is(nil) || !strings.HasPrefix(told.Error(), f.node(5).String()+": ") {
				t.Errorf("code %d, of the whole %v: %v, %v", code, whole, elected, err)
			}
			if !whole && !strings.HasSuffix(told.Error(), `("because")`) {
				t.Errorf("code %d: %v", code, told)
			}
			if unauthorized := code == 31; unauthorized != (Reason(told) == cluster.ReasonPermission) {
				t.Errorf("code %d: reason %s", code, Reason(told))
			}
		}
	}
}

// Releases before 2.2 do not know the request, and are not sent it.
func TestElectionsBefore22(t *testing.T) {
	f := newFake(t, func(received) answer { return versions(map[int16]int16{keyMetadata: 7, keyUpdateMetadata: 5}) })
	c, unknown := newTestClient(t), (*unknownError)(nil)
	if _, err := c.ElectPreferred(within(t), f.node(4), map[string][]int32{"orders": {0}}); !errors.As(err, &unknown) {
		t.Errorf("%v, want %v", err, &unknownError{})
	}
	if sent := f.seen(keyElectLeaders); len(sent) > 0 || c.Identity(f.node(4)).ElectLeaders {
		t.Errorf("sent %+v to %+v", sent, c.Identity(f.node(4)))
	}
}

func TestAllFormsOfElectLeaders(t *testing.T) {
	words := "not yours"
	result := func(id int32, code int16) kmsg.ElectLeadersResponseTopicPartition {
		p := kmsg.ElectLeadersResponseTopicPartition{Partition: id, ErrorCode: code, UnknownTags: newer()}
		if code != 0 {
			p.ErrorMessage = &words
		}
		return p
	}
	n := Node{ID: 3}
	asked := electionOf(map[string][]int32{"orders": {0, 1, 2}, "bills": {0}}).Topics
	for version := range int16(electLeadersForm + 1) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			for _, code := range []int16{0, 31} {
				response := &kmsg.ElectLeadersResponse{Version: version, ThrottleMillis: 5, ErrorCode: code, UnknownTags: newer(), Topics: []kmsg.ElectLeadersResponseTopic{
					{Topic: "orders", UnknownTags: newer(), Partitions: []kmsg.ElectLeadersResponseTopicPartition{result(1, 84), result(0, 0), result(9, 0)}},
					{Topic: "unasked", Partitions: []kmsg.ElectLeadersResponseTopicPartition{result(0, 0)}},
				}}
				var got map[string]map[int32]error
				var refusal error
				wantWhole(t, response.AppendTo(nil), response.IsFlexible(), func(r *reader) { got, refusal = readElections(r, version, n, asked) })
				want := map[string]map[int32]error{
					"orders": {0: nil, 1: &electionError{n, "orders", 1, codeError(sarama.ErrElectionNotNeeded, words)}, 2: &electionError{n, "orders", 2, errNotAnswered}},
					"bills":  {0: &electionError{n, "bills", 0, errNotAnswered}},
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("read %v, want %v", got, want)
				}
				if refused := version >= 1 && code != 0; IsUnauthorized(refusal) != refused || (refusal != nil) != refused {
					t.Errorf("refused with %v, want code %d", refusal, code)
				}
			}
		})
	}
}

// Whatever a broker answers, every partition that was asked for has its entry, and no
// other, and none is elected that the answer does not name.
func FuzzElections(f *testing.F) {
	f.Add(int16(0), new(message).int32(0).int32(1).str("orders").int32(1).int32(0).int16(0).int16(-1).Bytes())
	f.Add(int16(1), new(message).int32(0).int16(31).int32(0).Bytes())
	f.Add(int16(2), []byte{0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07})
	asked := electionOf(map[string][]int32{"orders": {0, 1}, "": {5}}).Topics
	f.Fuzz(func(t *testing.T, number int16, body []byte) {
		defer watchdog(t.Name()).Stop()
		version := int16(uint16(number) % (electLeadersForm + 1))
		r := &reader{rest: body, flexible: version >= 2}
		elected, _ := readElections(r, version, Node{}, asked)
		if len(elected) != 2 || len(elected["orders"]) != 2 || len(elected[""]) != 1 {
			t.Errorf("read %v", elected)
		}
		response := kmsg.NewPtrElectLeadersResponse()
		response.Version = version
		if r.err != nil || response.ReadFrom(body) != nil {
			return
		}
		named := map[partitionName]int16{}
		for _, topic := range response.Topics {
			for _, p := range topic.Partitions {
				named[partitionName{topic.Topic, p.Partition}] = p.ErrorCode
			}
		}
		for topic, partitions := range elected {
			for p, err := range partitions {
				if code, ok := named[partitionName{topic, p}]; (err == nil) != (ok && code == 0) {
					t.Errorf("%q %d: %v of code %d (%v)", topic, p, err, code, ok)
				}
			}
		}
	})
}

type partitionName struct {
	topic     string
	partition int32
}

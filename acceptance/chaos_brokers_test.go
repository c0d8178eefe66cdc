//go:build cluster && chaos

package acceptance

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

func init() {
	declare(
		withReload(brokerKilled), withReload(brokerFrozen), withReload(controllerKilled),
		&fault{
			name: "controller_frozen", bed: plain, recovers: afterController,
			shows: "`kafka_broker_up` 0; with ZooKeeper, the new controller",
			begin: func(s *scene) []claim {
				b := s.controller()
				s.freeze(b)
				claims := s.down(b, aPoll())
				for i := range claims {
					if s.kraft() && claims[i].want == brokerSeries("kafka_broker_registered", b.ID())+" 0" {
						// The others forward to the frozen one for as long as their
						// controller.socket.timeout.ms, 30 s.
						claims[i].kind = told
					}
				}
				return claims
			},
			end: (*scene).thawStruck,
		},
		&fault{
			name: "all_brokers_frozen", bed: plain, recovers: afterController,
			shows: "`kafka_cluster_reachable` 0, every `kafka_broker_up` 0",
			begin: func(s *scene) []claim {
				s.freeze(s.c.Brokers()...)
				return s.allDown(aPoll())
			},
			end: (*scene).thawStruck,
		},
		&fault{
			name: "broker_killed_again_and_again", bed: plain, begins: 2 * 3, // refused with and without a registration
			shows: "`kafka_broker_up` 0 each time",
			begin: func(s *scene) []claim {
				b := s.follower()
				s.kill(b)
				for range 2 {
					s.sleep(time.Second)
					must(s.t, b.Start(s.ctx))
					s.sleep(time.Duration(s.random.Int64N(int64(time.Second))))
					s.begun = time.Time{}
					s.struck()
					must(s.t, b.Kill())
				}
				return s.down(b, atOnce)
			},
			end: (*scene).reviveStruck,
			// It may have registered in the moment before it was killed for good.
			hold: session + 5*time.Second,
		},
		&fault{
			name: "broker_restarted", bed: plain, begins: 2, // refused before it is unregistered, and when it registers anew
			shows: "`kafka_broker_up` 0 when it has ended, 1 when it is back",
			begin: func(s *scene) []claim {
				b := s.follower()
				s.victims = []*testbed.Server{b}
				s.distrust()
				must(s.t, b.Terminate(s.ctx))
				s.struck()
				return s.down(b, atOnce)
			},
			end: (*scene).reviveStruck,
		},
		&fault{
			name: "another_broker_takes_the_id", bed: taken,
			shows: "the new one's address in `kafka_broker_info`, and that it is up",
			begin: func(s *scene) []claim {
				former := s.follower()
				s.kill(former)
				taker, err := s.c.TakeID(s.ctx, former.ID())
				must(s.t, err)
				s.begun = time.Now() // what is claimed holds from here on
				return []claim{
					is(brokerSeries("kafka_broker_up", former.ID())+" 1", aPoll()),
					is(fmt.Sprintf(`kafka_broker_info{address=%q,id="%d"} 1`, taker.Addr(), former.ID()), aPoll()),
					is(fmt.Sprintf(`!kafka_broker_info{address=%q,id="%d"}`, former.Addr(), former.ID()), aPoll()),
					is(fmt.Sprintf("kafka_brokers %d", len(s.c.Brokers())), aPoll()),
					never("kafka_cluster_reachable 0"),
				}
			},
			end:     func(*scene) {}, // it stays
			changes: true,
		},
		&fault{
			name: "broker_decommissioned", bed: three,
			shows: "`kafka_broker_status` unregistered or fenced, and no outage",
			begin: func(s *scene) []claim {
				b := s.c.Broker(2)
				s.clear(b)
				s.victims = []*testbed.Server{b}
				s.distrust()
				must(s.t, b.Terminate(s.ctx))
				s.struck()
				s.gone = 1
				return []claim{
					is(brokerSeries("kafka_broker_up", b.ID())+" 0", atOnce),
					is(brokerSeries("kafka_broker_registered", b.ID())+" 0", session+afterController()),
					is(fmt.Sprintf(`kafka_broker_status{broker="%d",status="alive"} 0`, b.ID()), atOnce),
					ifAny("kafka_brokers 2", session),
					never("kafka_offline_partitions >0"), never(`kafka_under_replicated_partitions{reason="broker_down"} >0`),
					never(`kafka_under_replicated_partitions{reason="lagging"} >0`), never("kafka_cluster_reachable 0"),
				}
			},
			end:     func(*scene) {}, // it stays away
			changes: true, recovers: afterController,
		},
	)
}

// taken is a cluster of which one broker is replaced, with the partitions of plain.
var taken = &bed{name: "taken", spec: func(kafka string) testbed.Spec { return testbed.Spec{Kafka: kafka} }}

// three is a cluster that can do without one of its brokers.
var three = &bed{name: "three", spec: func(kafka string) testbed.Spec {
	return testbed.Spec{Kafka: kafka, Brokers: 3, OneJVM: kafka[0] < '4'}
}}

// clear moves all partitions away from a broker.
func (s *scene) clear(b *testbed.Server) {
	v, err := s.reader()(s.c)
	must(s.t, err)
	for name, p := range v.partitions {
		var rest []int32
		for _, r := range p.replicas {
			if r != b.ID() {
				rest = append(rest, int32(r))
			}
		}
		if len(rest) < len(p.replicas) {
			must(s.t, s.c.StartReassignment(s.ctx, name.topic, int32(name.id), rest, 0))
			must(s.t, s.c.FinishReassignment(s.ctx, name.topic))
		}
	}
}

//go:build cluster && chaos

package acceptance

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// How long an ensemble of the testbed takes to elect another leader, at most, and
// with a frozen one to notice: ten ticks of half a second, and the election.
const ensembleElects = 10 * time.Second

func init() {
	declare(
		withReload(quorumLost),
		&fault{
			name: "zookeeper_follower_killed", bed: plain, on: withZooKeeper,
			shows: "`zk_server_mode` unreachable, all else as it is",
			begin: func(s *scene) []claim {
				z := s.zookeeperFollower()
				s.kill(z)
				return append(s.zookeeperDown(z, "refused", aPoll()), s.undisturbed()...)
			},
			end: (*scene).reviveStruck,
		},
		&fault{
			name: "zookeeper_follower_frozen", bed: plain, on: withZooKeeper,
			shows: "`zk_server_status` timeout, all else as it is",
			begin: func(s *scene) []claim {
				z := s.zookeeperFollower()
				s.freeze(z)
				return append(s.zookeeperDown(z, "timeout", aPoll()), noOutage(s)...)
			},
			end: (*scene).thawStruck,
		},
		&fault{
			name: "zookeeper_leader_killed", bed: plain, on: withZooKeeper, runs: 2,
			shows: "`zk_server_mode` unreachable, and the new leader",
			begin: func(s *scene) []claim {
				z := s.zookeeperLeader()
				s.kill(z)
				claims := append(s.zookeeperDown(z, "refused", aPoll()), noOutage(s)...)
				return append(claims, is("zk_ensemble_leaders 1", ensembleElects), is("zk_ensemble_has_quorum 1", ensembleElects))
			},
			end: (*scene).reviveStruck,
		},
		&fault{
			name: "zookeeper_leader_frozen", bed: plain, on: withZooKeeper, runs: 2,
			shows: "`zk_server_status` timeout, and the new leader",
			begin: func(s *scene) []claim {
				z := s.zookeeperLeader()
				s.freeze(z)
				claims := append(s.zookeeperDown(z, "timeout", aPoll()), never("kafka_cluster_reachable 0"))
				return append(claims, is("zk_ensemble_leaders 1", 2*ensembleElects), is("zk_ensemble_has_quorum 1", 2*ensembleElects))
			},
			end: (*scene).thawStruck,
		},
		&fault{
			name: "zookeeper_quorum_frozen", bed: plain, on: withZooKeeper,
			shows: "`zk_server_status` timeout, and nothing of what stands in the registry",
			begin: func(s *scene) []claim {
				gone := s.c.ZooKeepers()[:2]
				s.freeze(gone...)
				claims := s.zookeeperDown(gone[0], "timeout", aPoll())
				claims = append(claims, s.zookeeperDown(gone[1], "timeout", aPoll())...)
				// The third one finds out that it belongs to no quorum in its own time.
				for _, c := range s.noRegistry() {
					c.within += ensembleElects
					claims = append(claims, c)
				}
				return claims
			},
			end: (*scene).thawStruck, recovers: func() time.Duration { return 3 * aPoll() },
		},
		&fault{
			name: "zookeeper_all_killed", bed: plain, on: withZooKeeper,
			shows: "every `zk_up` 0, and nothing of what stands in the registry",
			begin: func(s *scene) []claim {
				s.kill(s.c.ZooKeepers()...)
				claims := []claim{is("!zk_ensemble_has_quorum", aPoll()), is("!zk_ensemble_leaders", aPoll())}
				for _, z := range s.c.ZooKeepers() {
					claims = append(s.zookeeperDown(z, "refused", aPoll()), claims...)
				}
				return append(claims, s.noRegistry()...)
			},
			end: (*scene).reviveStruck,
		},
	)
}

// zookeeperDown is what is true of a ZooKeeper server that does not answer.
func (s *scene) zookeeperDown(z *testbed.Server, status string, within time.Duration) []claim {
	return []claim{
		is(fmt.Sprintf("zk_up{zk_server=%q} 0", z.Addr()), within), is(mode(z, "unreachable"), within),
		is(fmt.Sprintf(`zk_server_status{status="%s",zk_server=%q} 1`, status, z.Addr()), within),
	}
}

func (s *scene) zookeeperLeader() *testbed.Server {
	z, err := s.c.ZooKeeperLeader(s.ctx)
	must(s.t, err)
	return z
}

func (s *scene) zookeeperFollower() *testbed.Server {
	leader := s.zookeeperLeader()
	for _, z := range s.c.ZooKeepers() {
		if z != leader {
			return z
		}
	}
	panic("an ensemble of one server")
}

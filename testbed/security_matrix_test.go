//go:build matrix && cluster

package testbed

import "testing"

// TestEverySecurity is TestSecurity on the older releases that have all it needs,
// over an ensemble with TLS where there is one.
func TestEverySecurity(t *testing.T) {
	for _, release := range []string{"2.8.2", "3.3.2", "3.9.2"} {
		t.Run(release, func(t *testing.T) { testSecurity(t, securitySpec(release)) })
	}
	t.Run("3.9.2 without ZooKeeper", func(t *testing.T) {
		spec := securitySpec("3.9.2")
		spec.KRaft, spec.Controllers, spec.ZooKeeperTLS = true, 1, false
		testSecurity(t, spec)
	})
}

// TestEveryZooKeeperTLS is the TLS of TestZooKeeperSecurity on the other
// releases.
func TestEveryZooKeeperTLS(t *testing.T) {
	for _, release := range []string{"3.5.10", "3.6.4", "3.9.5"} {
		t.Run(release, func(t *testing.T) {
			testZooKeeperTLS(t, begin(t, Spec{ZooKeeper: release, ZooKeeperOnly: true, ZooKeepers: 1, ZooKeeperTLS: true}))
		})
	}
}

// TestEveryOldListener logs in at releases without PEM files and requests for
// SCRAM users.
func TestEveryOldListener(t *testing.T) {
	for _, release := range []string{"1.1.1", "2.1.1", "2.4.1"} {
		t.Run(release, func(t *testing.T) {
			c := begin(t, Spec{
				Kafka: release, Brokers: 1, ZooKeepers: 1, Authorizer: true,
				Listeners: []Listener{
					{Name: "MUTUAL", Protocol: "SSL", ClientAuth: true},
					{Name: "SECURE", Protocol: "SASL_SSL", Mechanisms: []string{"PLAIN"}},
					{Name: "KERBEROS", Protocol: "SASL_PLAINTEXT", Mechanisms: []string{"GSSAPI"}},
				},
				Users: map[string]string{"bob": "other"},
			})
			must(t, c.CreateTopic(t.Context(), "test", [][]int32{{0}}))
			testCertificates(t, c)
			testACLs(t, c)
			testTickets(t, c)
		})
	}
}

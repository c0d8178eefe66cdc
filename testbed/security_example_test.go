package testbed_test

import (
	"testing"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/testbed"
)

// Three ways to log in, beside the plain listener of the testbed itself.
func ExampleListener() {
	_ = func(t *testing.T) {
		c := testbed.StartT(t, testbed.Spec{
			Kafka:   "4.4.0",
			Brokers: 1,
			Listeners: []testbed.Listener{
				{Name: "MUTUAL", Protocol: "SSL", ClientAuth: true},
				{Name: "SECURE", Protocol: "SASL_SSL", Mechanisms: []string{"PLAIN", "SCRAM-SHA-512", "OAUTHBEARER"}},
				{Name: "KERBEROS", Protocol: "SASL_PLAINTEXT", Mechanisms: []string{"GSSAPI"}},
			},
			Users:        map[string]string{"alice": "her password"},
			OAuthClients: map[string]string{"carol": "her secret"},
			Authorizer:   true,
		})
		ctx := t.Context()
		t.Log("with certificates at", c.Listener("MUTUAL"))
		cert, key, err := c.PKI().Client("dave")
		t.Log(c.PKI().CAFile, cert, key, err)

		t.Log("with passwords and tokens at", c.Listener("SECURE"), "tokens from", c.Tokens().URL())

		err = c.KDC().AddPrincipal(ctx, "erin", "her password")
		t.Log(err)
		keytab, err := c.KDC().Keytab(ctx, "erin")
		t.Log("with tickets at", c.Listener("KERBEROS"), c.KDC().ConfigFile(), c.KDC().Realm(), keytab, err)

		for _, user := range []string{"CN=dave", "alice", "carol", "erin"} {
			err := c.Allow(ctx, user, sarama.AclResourceTopic, "*", sarama.AclOperationDescribe)
			t.Log(err)
		}
	}
}

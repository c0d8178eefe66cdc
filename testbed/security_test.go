package testbed

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecurityMistakes(t *testing.T) {
	listener := func(l Listener) Spec {
		if l.Name == "" {
			l.Name = "SECURE"
		}
		return Spec{Kafka: "2.8.2", Listeners: []Listener{l}}
	}
	for want, spec := range map[string]Spec{
		`listener "secure": want a name`:                                   listener(Listener{Name: "secure", Protocol: "SSL"}),
		`listener "PLAINTEXT": want a name of its own`:                     listener(Listener{Name: "PLAINTEXT", Protocol: "SSL"}),
		`no protocol "TLS"`:                                                listener(Listener{Protocol: "TLS"}),
		"protocol SASL_SSL with the mechanisms []":                         listener(Listener{Protocol: "SASL_SSL"}),
		`protocol SSL with the mechanisms ["PLAIN"]`:                       listener(Listener{Protocol: "SSL", Mechanisms: []string{"PLAIN"}}),
		"SASL_PLAINTEXT asks for no certificates":                          listener(Listener{Protocol: "SASL_PLAINTEXT", ClientAuth: true, Mechanisms: []string{"PLAIN"}}),
		`no mechanism "NTLM"`:                                              listener(Listener{Protocol: "SASL_SSL", Mechanisms: []string{"NTLM"}}),
		"OAUTHBEARER on Kafka 2.8.2; the testbed sets it up from 3.1.0 on": listener(Listener{Protocol: "SASL_SSL", Mechanisms: []string{"OAUTHBEARER"}}),
		"Kafka 0.10.2.2 has no settings for single listeners":              {Kafka: "0.10.2.2", Listeners: []Listener{{Name: "TLS", Protocol: "SSL"}}},
		"SCRAM-SHA-256 on Kafka 3.3.2":                                     {Kafka: "3.3.2", KRaft: true, Listeners: []Listener{{Name: "S", Protocol: "SASL_SSL", Mechanisms: []string{"SCRAM-SHA-256"}}}},
		`user "a b"`:                                                       {Users: map[string]string{"a b": "secret"}},
		"ZooKeeper 3.4.6 has no TLS":                                       {ZooKeeperTLS: true},
		"Kafka 4.4.0 runs without ZooKeeper":                               {Kafka: "4.4.0", ZooKeeperTLS: true},
		"Kafka 0.8.2.2 has no authorizer":                                  {Kafka: "0.8.2.2", Authorizer: true},
	} {
		if _, err := Start(t.Context(), spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", spec, err, want)
		}
		if _, err := Start(t.Context(), spec); strings.Contains(err.Error(), "secret") {
			t.Errorf("a password in %v", err)
		}
	}
}

// TestListenerProperties sees the settings of listeners, and that the spec
// overrides them.
func TestListenerProperties(t *testing.T) {
	pki, err := NewPKI(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	spec, rel, err := Spec{
		Kafka: "2.8.2",
		Listeners: []Listener{
			{Name: "TLS", Protocol: "SSL", ClientAuth: true},
			{Name: "SECURE", Protocol: "SASL_PLAINTEXT", Mechanisms: []string{"PLAIN", "SCRAM-SHA-512"}},
		},
		Users:      map[string]string{"b": `"\`, "a": "x y"},
		Authorizer: true,
		Properties: map[string]string{"super.users": "User:root"},
	}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{spec: spec, release: rel, ports: &portSet{ports: []int{20031, 20032}}}
	c.security.pki, c.security.listeners = pki, make(map[string][]string)
	want := map[string]string{
		"authorizer.class.name":                               "kafka.security.authorizer.AclAuthorizer",
		"super.users":                                         "User:root",
		"listener.security.protocol.map":                      "PLAINTEXT:PLAINTEXT,TLS:SSL,SECURE:SASL_PLAINTEXT",
		"listener.name.tls.ssl.keystore.type":                 "PEM",
		"listener.name.tls.ssl.keystore.key":                  string(pki.serverKey),
		"listener.name.tls.ssl.keystore.certificate.chain":    string(pki.serverCert),
		"listener.name.tls.ssl.truststore.type":               "PEM",
		"listener.name.tls.ssl.truststore.location":           pki.CAFile,
		"listener.name.tls.ssl.client.auth":                   "required",
		"listener.name.secure.sasl.enabled.mechanisms":        "PLAIN,SCRAM-SHA-512",
		"listener.name.secure.plain.sasl.jaas.config":         `org.apache.kafka.common.security.plain.PlainLoginModule required user_a="x y" user_b="\"\\";`,
		"listener.name.secure.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
	}
	if diff := cmp.Diff(want, c.secured(spec.Properties)); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	p := map[string]string{"listeners": "PLAINTEXT://127.0.0.1:20011"}
	addrs := c.addListeners(p, c.ports)
	if diff := cmp.Diff(map[string]string{
		"listeners": "PLAINTEXT://127.0.0.1:20011,TLS://127.0.0.1:20031,SECURE://127.0.0.1:20032",
	}, p); diff != "" {
		t.Errorf("listeners (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"127.0.0.1:20031", "127.0.0.1:20032"}, addrs); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
}

func TestKerberosHint(t *testing.T) {
	_, err := findKerberos("no-such-program")
	if err == nil || !strings.Contains(err.Error(), "no-such-program") || !strings.Contains(err.Error(), "apt-get install krb5-kdc") {
		t.Errorf("%v, want the program's name and what to install", err)
	}
}

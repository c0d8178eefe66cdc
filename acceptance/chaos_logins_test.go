//go:build cluster && chaos

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

const user = "alice"

// mutual is a cluster of one broker that asks for certificates.
var mutual = &bed{
	name: "certificates",
	spec: func(kafka string) testbed.Spec {
		return testbed.Spec{Kafka: kafka, Brokers: 1, OneJVM: kafka[0] < '4',
			Listeners: []testbed.Listener{{Name: "SECURE", Protocol: "SSL", ClientAuth: true}}}
	},
	config: func(s *scene) string {
		cert, key, err := s.c.PKI().ClientCert(user, time.Hour)
		must(s.t, err)
		return s.secure(fmt.Sprintf("      tls: {enabled: true, ca_file: %q, cert_file: %q, key_file: %q}\n", s.c.PKI().CAFile, cert, key))
	},
}

// passwords is a cluster of one broker that asks for passwords.
var passwords = &bed{
	name: "passwords",
	spec: func(kafka string) testbed.Spec {
		return testbed.Spec{Kafka: kafka, Brokers: 1, OneJVM: kafka[0] < '4', Users: map[string]string{user: "first"},
			Listeners: []testbed.Listener{{Name: "SECURE", Protocol: "SASL_PLAINTEXT", Mechanisms: []string{"SCRAM-SHA-512"}}}}
	},
	config: func(s *scene) string {
		must(s.t, os.WriteFile(s.passwordFile(), []byte("first\n"), 0o600))
		return s.secure(fmt.Sprintf("      sasl: {mechanism: SCRAM-SHA-512, username: %s, password_file: %q}\n", user, s.passwordFile()))
	},
}

func (s *scene) passwordFile() string { return filepath.Join(filepath.Dir(s.file), "password") }

// secure leads to the listener that wants a login.
func (s *scene) secure(login string) string {
	kafka := fmt.Sprintf("    kafka:\n      brokers: [%s]\n      listener: SECURE\n%s", strings.Join(s.c.Listener("SECURE"), ", "), login)
	if s.kraft() {
		return strings.Replace(kafka, "      listener: SECURE\n", "", 1)
	}
	return fmt.Sprintf("    zookeeper: {servers: [%s]}\n%s", s.c.ZooKeeperConnect(), kafka)
}

// loggedInAgain is how long after a refused login the next one may be tried, by the
// rule that spares the brokers, and two polls.
func loggedInAgain() time.Duration { return 18*time.Second + afterController() }

func init() {
	on := []string{"2.8.2", "3.9.2", "4.4.0"}
	declare(
		&fault{
			name: "certificate_expired", bed: mutual, on: on, recovers: loggedInAgain, begins: 2,
			shows: "`kafka_broker_status` tls_error, nothing offline; all again once the file is replaced",
			begin: func(s *scene) []claim {
				_, _, err := s.c.PKI().ClientCert(user, -time.Second)
				must(s.t, err)
				s.undo = func() {
					_, _, err := s.c.PKI().ClientCert(user, time.Hour)
					must(s.t, err)
				}
				must(s.t, s.c.Broker(0).Restart(s.ctx)) // connections outlive the certificate
				s.struck()
				return s.shutOut("tls_error")
			},
			end: (*scene).undone,
		},
		&fault{
			name: "password_changed", bed: passwords, on: on, recovers: loggedInAgain, begins: 2,
			shows: "`kafka_broker_status` auth_error, nothing offline; all again once the file is changed",
			begin: func(s *scene) []claim {
				must(s.t, s.c.SetPassword(s.ctx, user, "second"))
				s.undo = func() { must(s.t, os.WriteFile(s.passwordFile(), []byte("second\n"), 0o600)) }
				must(s.t, s.c.Broker(0).Restart(s.ctx)) // connections outlive the password
				s.struck()
				return s.shutOut("auth_error")
			},
			end: (*scene).undone,
		},
	)
}

// shutOut is what is true of the only broker when it does not let evenkeel in.
func (s *scene) shutOut(status string) []claim {
	claims := []claim{is("kafka_cluster_reachable 0", 2*aPoll()), is(brokerSeries("kafka_broker_up", 0)+" 0", 0)}
	if s.kraft() {
		return append(claims, is("!kafka_offline_partitions", 2*aPoll()), never("kafka_offline_partitions >0"))
	}
	return append(claims, is(`kafka_broker_status{broker="0",status="`+status+`"} 1`, 2*aPoll()),
		is(brokerSeries("kafka_broker_registered", 0)+" 1", aPoll()), is("kafka_offline_partitions 0", 2*aPoll()))
}

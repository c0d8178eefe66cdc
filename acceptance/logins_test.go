//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestLogins watches one cluster under many names, each with another login: all that
// are right see everything, and each that is wrong says what to look at.
func TestLogins(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{
		Kafka: "4.4.0", Brokers: 1, Authorizer: true,
		Listeners: []testbed.Listener{
			{Name: "MUTUAL", Protocol: "SSL", ClientAuth: true},
			{Name: "SECURE", Protocol: "SASL_SSL", Mechanisms: []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"}},
			{Name: "KERBEROS", Protocol: "SASL_PLAINTEXT", Mechanisms: []string{"GSSAPI"}},
		},
		Users:        map[string]string{"alice": "right", "nobody": "right", "narrow": "right", "nogroups": "right", "noconfigs": "right"},
		OAuthClients: map[string]string{"carol": "her secret"},
	})
	must(t, c.CreateTopicWith(ctx, "test", [][]int32{{0}}, map[string]string{"min.insync.replicas": "1"}))
	must(t, c.Produce(ctx, "test", 0, 10))
	must(t, c.CommitOffset(ctx, "billing", "test", 0, 4))
	must(t, c.KDC().AddPrincipal(ctx, "erin", "her password"))
	keytab, err := c.KDC().Keytab(ctx, "erin")
	must(t, err)
	for _, user := range []string{"alice", "CN=dave", "carol", "erin"} {
		leastPrivileges(t, c, ctx, user)
	}
	// Without one of them, only what it is for is missing.
	for _, user := range []string{"nogroups", "noconfigs"} {
		must(t, c.Allow(ctx, user, sarama.AclResourceCluster, "kafka-cluster", sarama.AclOperationDescribe))
		must(t, c.Allow(ctx, user, sarama.AclResourceTopic, "*", sarama.AclOperationDescribe))
	}
	must(t, c.Allow(ctx, "nogroups", sarama.AclResourceTopic, "*", sarama.AclOperationDescribeConfigs))
	must(t, c.Allow(ctx, "noconfigs", sarama.AclResourceGroup, "*", sarama.AclOperationDescribe))
	must(t, c.Allow(ctx, "narrow", sarama.AclResourceCluster, "kafka-cluster", sarama.AclOperationDescribe))
	cert, key, err := c.PKI().Client("dave")
	must(t, err)
	foreign, err := c.PKI().Foreign()
	must(t, err)
	strangerCert, strangerKey, err := foreign.Client("dave")
	must(t, err)

	tls := func(ca, more string) string {
		return fmt.Sprintf("tls: {enabled: true, ca_file: %q%s}", ca, more)
	}
	ours := tls(c.PKI().CAFile, "")
	sasl := func(mechanism, user, password string) string {
		return fmt.Sprintf("{mechanism: %s, username: %s, password: %q}", mechanism, user, password)
	}
	oauth := func(secret string) string {
		return fmt.Sprintf("{mechanism: OAUTHBEARER, oauth: {token_url: %q, client_id: carol, client_secret: %q, scopes: [kafka], ca_file: %q}}", c.Tokens().URL(), secret, c.PKI().CAFile)
	}
	kerberos := func(more string) string {
		return fmt.Sprintf("{mechanism: GSSAPI, username: erin, %s, kerberos: {realm: %s, config_file: %q%s}}", "password: \"%PASSWORD%\"", c.KDC().Realm(), c.KDC().ConfigFile(), more)
	}
	keytabLogin := strings.Replace(kerberos(fmt.Sprintf(", keytab_file: %q", keytab)), "password: \"%PASSWORD%\", ", "", 1)
	var logins config
	logins.add(c, "mutual", "MUTUAL", tls(c.PKI().CAFile, fmt.Sprintf(", cert_file: %q, key_file: %q", cert, key)), "")
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		logins.add(c, mechanism, "SECURE", ours, sasl(mechanism, "alice", "right"))
		logins.add(c, "wrong-"+mechanism, "SECURE", ours, sasl(mechanism, "alice", "wrong"))
	}
	logins.add(c, "oauth", "SECURE", ours, oauth("her secret"))
	logins.add(c, "wrong-oauth", "SECURE", ours, oauth("no secret"))
	logins.add(c, "keytab", "KERBEROS", "", keytabLogin)
	logins.add(c, "kerberos", "KERBEROS", "", strings.Replace(kerberos(""), "%PASSWORD%", "her password", 1))
	logins.add(c, "wrong-kerberos", "KERBEROS", "", strings.Replace(kerberos(""), "%PASSWORD%", "wrong", 1))
	logins.add(c, "wrong-mechanism", "KERBEROS", "", sasl("PLAIN", "alice", "right"))
	logins.add(c, "wrong-ca", "SECURE", tls(foreign.CAFile, ""), sasl("PLAIN", "alice", "right"))
	logins.add(c, "wrong-cert", "MUTUAL", tls(c.PKI().CAFile, fmt.Sprintf(", cert_file: %q, key_file: %q", strangerCert, strangerKey)), "")
	logins.add(c, "no-tls", "SECURE", "", sasl("PLAIN", "alice", "right"))
	logins.add(c, "nogroups", "SECURE", ours, sasl("PLAIN", "nogroups", "right"))
	logins.add(c, "noconfigs", "SECURE", ours, sasl("PLAIN", "noconfigs", "right"))
	logins.add(c, "nobody", "SECURE", ours, sasl("PLAIN", "nobody", "right"))
	logins.add(c, "narrow", "SECURE", ours, sasl("PLAIN", "narrow", "right"))
	file := filepath.Join(t.TempDir(), "evenkeel.yml")
	writeConfig(t, file, "clusters:\n"+logins.String())

	p := start(t, "--config.file="+file)
	for _, name := range []string{"mutual", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "oauth", "keytab", "kerberos"} {
		p.showsOf(name, "everything", 60*time.Second, "kafka_cluster_reachable 1", "kafka_brokers 1", "kafka_active_controllers 1",
			part("kafka_topic_partition_leader", 0, 0), part("kafka_topic_partition_in_sync_replica", 0, 1), part("kafka_topic_partition_current_offset", 0, 10),
			`kafka_topic_min_in_sync_replicas{topic="test"} 1`, `kafka_consumergroup_lag{consumergroup="billing",partition="0",topic="test"} 6`,
			`evenkeel_permission{operation="describe",resource="cluster"} 1`, `evenkeel_permission{operation="alter",resource="cluster"} 0`,
			`evenkeel_permission{operation="describe",resource="topic"} 1`, `evenkeel_permission{operation="describe_configs",resource="topic"} 1`,
			`evenkeel_permission{operation="describe",resource="group"} 1`, "kafka_under_min_isr_partitions 0", "kafka_quorum_voters 1",
			`evenkeel_collector_errors_total{collector="isr",reason="permission"} 0`, `evenkeel_collector_errors_total{collector="lag",reason="permission"} 0`)
	}
	for name, status := range map[string]string{
		"wrong-PLAIN": "auth_error", "wrong-SCRAM-SHA-256": "auth_error", "wrong-SCRAM-SHA-512": "auth_error", "wrong-oauth": "auth_error",
		"wrong-kerberos": "auth_error", "wrong-mechanism": "auth_error", "wrong-ca": "tls_error", "wrong-cert": "tls_error", "no-tls": "tls_error",
	} {
		p.showsOf(name, status, 60*time.Second, "kafka_cluster_reachable 0", fmt.Sprintf(`evenkeel_collector_errors_total{collector="brokers",reason="%s"} >0`, status),
			"!kafka_offline_partitions")
	}
	healthy := []string{"kafka_brokers 1", "kafka_active_controllers 1", part("kafka_topic_partition_in_sync_replica", 0, 1), "kafka_offline_partitions 0",
		`evenkeel_collector_success{collector="isr"} 1`, `evenkeel_collector_success{collector="leadership"} 1`, part("kafka_topic_partition_current_offset", 0, 10)}
	p.showsOf("nogroups", "that groups are missing", 60*time.Second, append(healthy, "!kafka_consumergroup_lag", "!kafka_consumergroup_members",
		`evenkeel_collector_errors_total{collector="lag",reason="permission"} >0`, "kafka_under_min_isr_partitions 0")...)
	p.showsOf("noconfigs", "that min ISR is missing", 60*time.Second, append(healthy, "!kafka_topic_min_in_sync_replicas", "!kafka_under_min_isr_partitions",
		`evenkeel_permission{operation="describe_configs",resource="topic"} 0`, `evenkeel_collector_errors_total{collector="isr",reason="permission"} >0`,
		`kafka_consumergroup_lag{consumergroup="billing",partition="0",topic="test"} 6`)...)
	p.showsOf("nobody", "that it may do nothing", 60*time.Second, "kafka_cluster_reachable 1",
		`evenkeel_permission{operation="describe",resource="cluster"} 0`, "!kafka_active_controllers", "!kafka_offline_partitions",
		`evenkeel_collector_success{collector="isr"} 0`, `evenkeel_collector_success{collector="brokers"} 0`)
	p.showsOf("narrow", "that it does not see all topics", 60*time.Second, "kafka_brokers 1", "kafka_active_controllers 1",
		`evenkeel_permission{operation="describe",resource="cluster"} 1`, `evenkeel_permission{operation="describe",resource="topic"} 0`)
	if told := "the login was refused: check mechanism, user and password (kafka.sasl)"; !strings.Contains(p.log.String(), told) {
		t.Errorf("the log does not say %q", told)
	}
	for _, secret := range []string{"her secret", "no secret", "her password", "right\""} {
		if strings.Contains(p.log.String(), secret) {
			t.Errorf("the log holds the secret %q", secret)
		}
	}
	if all, refused := c.Tokens().Requests(); all-refused > 3 || refused > 12 {
		t.Errorf("the token endpoint was asked %d times, %d of them with the wrong secret: that is a storm", all, refused)
	}
}

// leastPrivileges gives a user what evenkeel needs, as the documentation says.
func leastPrivileges(t *testing.T, c *testbed.Cluster, ctx context.Context, user string) {
	t.Helper()
	must(t, c.Allow(ctx, user, sarama.AclResourceCluster, "kafka-cluster", sarama.AclOperationDescribe))
	must(t, c.Allow(ctx, user, sarama.AclResourceTopic, "*", sarama.AclOperationDescribe, sarama.AclOperationDescribeConfigs))
	must(t, c.Allow(ctx, user, sarama.AclResourceGroup, "*", sarama.AclOperationDescribe))
}

// config is a list of clusters for a configuration file.
type config struct{ strings.Builder }

func (f *config) add(c *testbed.Cluster, name, listener, tls, sasl string) {
	fmt.Fprintf(f, "  - name: %s\n    poll: {interval: 2s, timeout: 2s}\n    kafka:\n      brokers: [%s]\n", name, strings.Join(c.Listener(listener), ", "))
	if tls != "" {
		fmt.Fprintf(f, "      %s\n", tls)
	}
	if sasl != "" {
		fmt.Fprintf(f, "      sasl: %s\n", sasl)
	}
}

// TestRegistryWithLogins takes the addresses of the brokers from a ZooKeeper that
// speaks TLS, where every broker registered several listeners.
func TestRegistryWithLogins(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{
		Kafka: "3.9.2", Brokers: 1, ZooKeepers: 1, ZooKeeperTLS: true,
		Listeners: []testbed.Listener{
			{Name: "SECURE", Protocol: "SASL_SSL", Mechanisms: []string{"PLAIN"}},
			{Name: "OTHER", Protocol: "SASL_SSL", Mechanisms: []string{"PLAIN"}},
		},
		Users: map[string]string{"alice": "right"},
	})
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0}}))
	foreign, err := c.PKI().Foreign()
	must(t, err)
	cert, key, err := c.PKI().Client("evenkeel")
	must(t, err)
	password := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(password, []byte("wrong\n"), 0o600))

	zookeeper := func(ca string) string {
		return fmt.Sprintf("    zookeeper:\n      servers: [%s]\n      admin_server_port: 0\n      tls: {enabled: true, ca_file: %q, cert_file: %q, key_file: %q}\n", c.ZooKeeper(0).SecureAddr(), ca, cert, key)
	}
	kafka := func(more string) string {
		return fmt.Sprintf("    kafka:\n      tls: {enabled: true, ca_file: %q}\n%s", c.PKI().CAFile, more)
	}
	const right = "      sasl: {mechanism: PLAIN, username: alice, password: right}\n"
	head := func(name string) string {
		return "  - name: " + name + "\n    poll: {interval: 1s, timeout: 1s}\n"
	}
	file := filepath.Join(t.TempDir(), "evenkeel.yml")
	writeConfig(t, file, "clusters:\n"+
		head("listener")+zookeeper(c.PKI().CAFile)+kafka("      listener: OTHER\n"+right)+
		head("bootstrap")+zookeeper(c.PKI().CAFile)+kafka("      brokers: ["+c.Listener("SECURE")[0]+"]\n"+right)+
		head("several")+zookeeper(c.PKI().CAFile)+kafka(right)+
		head("refused")+zookeeper(c.PKI().CAFile)+kafka("      listener: SECURE\n      sasl: {mechanism: PLAIN, username: alice, password_file: "+password+"}\n")+
		head("foreign")+zookeeper(foreign.CAFile)+kafka("      listener: SECURE\n"+right))
	p := start(t, "--config.file="+file)
	for name, listener := range map[string]string{"listener": "OTHER", "bootstrap": "SECURE"} {
		p.showsOf(name, "the listener's address", 60*time.Second, fmt.Sprintf(`kafka_broker_info{address="%s",id="0"} 1`, c.Listener(listener)[0]),
			"kafka_brokers 1", part("kafka_topic_partition_in_sync_replica", 0, 1), "zk_ensemble_has_quorum 1", part("kafka_topic_partition_current_offset", 0, 0))
	}
	p.showsOf("several", "that it does not know which", 30*time.Second, `kafka_broker_status{broker="0",status="unknown"} 1`, `kafka_broker_registered{broker="0"} 1`)
	p.showsOf("refused", "a refused login, and what the registry tells all the same", 30*time.Second, `kafka_broker_status{broker="0",status="auth_error"} 1`,
		`kafka_broker_up{broker="0"} 0`, `kafka_broker_registered{broker="0"} 1`, part("kafka_topic_partition_in_sync_replica", 0, 1), "kafka_offline_partitions 0")
	_, port, err := net.SplitHostPort(c.ZooKeeper(0).SecureAddr())
	must(t, err)
	p.showsOf("foreign", "that ZooKeeper's certificate is not trusted", 30*time.Second,
		fmt.Sprintf(`zk_server_status{status="tls_error",zk_server="127.0.0.1:%s"} 1`, port), "!kafka_offline_partitions", `evenkeel_collector_success{collector="isr"} 0`)

	// The file is read anew with each login.
	must(t, os.WriteFile(password, []byte("right\n"), 0o600))
	p.showsOf("refused", "the login with the new password", 3*time.Minute, `kafka_broker_status{broker="0",status="alive"} 1`)
}

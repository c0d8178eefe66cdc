//go:build cluster

package zookeeper

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/testbed"
)

// TestObserverAndReadOnlyServer sees what real servers say of themselves and of each
// other, and that a voter which is left alone is no server for a session.
func TestObserverAndReadOnlyServer(t *testing.T) {
	for release, members := range map[string]int{"3.4.6": 0, "3.9.5": 3} {
		t.Run(release, func(t *testing.T) {
			c := testbed.StartT(t, testbed.Spec{
				ZooKeeper: release, ZooKeeperOnly: true, ZooKeepers: 2, Observers: 1,
				ZooKeeperOptions: []string{"-Dreadonlymode.enabled=true"},
			})
			var names []string
			for _, s := range c.ZooKeepers() {
				names = append(names, s.Addr())
			}
			e := NewEnsemble(names, EnsembleOptions{})
			out, faults := e.Read(t.Context())
			if out.Servers[2].Mode != cluster.ModeObserver || out.ServingVoters() != 2 || len(faults) > 0 {
				t.Errorf("%+v, faults %v", out, faults)
			}
			s := newTestSession(t, SessionOptions{Servers: names[:2]})
			told, err := s.Members(within(t))
			if out.Members = told; err != nil || len(told) != members {
				t.Errorf("members %+v, error %v", told, err)
			}
			if n, known := out.Voters(); known != (members > 0) || known && n != 2 {
				t.Errorf("%d voters, known %v", n, known)
			}
			if err := c.ZooKeeper(0).Kill(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the voter that is left serves read-only", func() bool {
				out, _ = e.Read(t.Context())
				return out.Servers[1].Mode == cluster.ModeReadOnly
			})
			if has, known := out.HasQuorum(); has || !known {
				t.Errorf("quorum %v (%v)", has, known)
			}
			alone := newTestSession(t, SessionOptions{Servers: names[1:2]})
			if _, err := alone.get(within(t), "/zookeeper"); Reason(err) != string(cluster.ServerNotServing) {
				t.Errorf("a session with a read-only server: %v", err)
			}
		})
	}
}

// TestAdminServerOfReleases reads from real AdminServers what mntr would tell.
func TestAdminServerOfReleases(t *testing.T) {
	for _, release := range []string{"3.5.10", "3.9.5"} {
		t.Run(release, func(t *testing.T) {
			c := testbed.StartT(t, testbed.Spec{ZooKeeper: release, ZooKeeperOnly: true, ZooKeepers: 1, AdminServer: true})
			_, port, err := net.SplitHostPort(c.ZooKeeper(0).AdminAddr())
			if err != nil {
				t.Fatal(err)
			}
			opts := EnsembleOptions{AllMetrics: true}
			if opts.AdminPort, err = strconv.Atoi(port); err != nil {
				t.Fatal(err)
			}
			got, faults := readOne(t, NewEnsemble([]string{c.ZooKeeper(0).Addr()}, opts))
			if _, ok := got.Stats["zk_max_file_descriptor_count"]; !ok || len(faults) > 0 || got.More == nil {
				t.Errorf("%+v, faults %v", got, faults)
			}
		})
	}
}

// TestTLSAndDigestOfReleases talks to the secure port of real servers.
func TestTLSAndDigestOfReleases(t *testing.T) {
	for _, release := range []string{"3.5.10", "3.9.5"} {
		t.Run(release, func(t *testing.T) {
			secure, pool, c := startSecure(t, release)
			if _, err := c.ZK().Create("/secret", []byte("told"), 0, zk.DigestACL(zk.PermAll, "watcher", secret)); err != nil {
				t.Fatal(err)
			}
			got, faults := readOne(t, NewEnsemble([]string{secure}, EnsembleOptions{Dial: tlsDial(pool)}))
			if got.Mode != cluster.ModeStandalone || got.Version != release || len(faults) > 0 {
				t.Errorf("words over TLS: %+v, faults %v", got, faults)
			}
			s := newTestSession(t, SessionOptions{Servers: []string{secure}, Dial: tlsDial(pool), Auth: digest(passwordOf(secret))})
			mustGet(t, s, "/secret", "told")
			wrong := newTestSession(t, SessionOptions{Servers: []string{secure}, Dial: tlsDial(pool), Auth: digest(passwordOf("wrong"))})
			if _, err := wrong.get(within(t), "/secret"); Reason(err) != cluster.ReasonPermission {
				t.Errorf("with the wrong password: %v", err)
			}
			unknown := newTestSession(t, SessionOptions{Servers: []string{secure}, Dial: tlsDial(pool), Auth: func() (string, []byte, error) {
				return "no_such_scheme", []byte(secret), nil
			}})
			if _, err := unknown.get(within(t), "/secret"); Reason(err) != cluster.ReasonPermission {
				t.Errorf("with a scheme that the server does not know: %v", err)
			}
			plain, _ := readOne(t, NewEnsemble([]string{c.ZooKeeper(0).Addr()}, EnsembleOptions{Dial: tlsDial(pool)}))
			if plain.Status != cluster.ServerTLSError {
				t.Errorf("TLS to the plain port: %s, %v", plain.Status, plain.Err)
			}
			// Four bytes are too few for a server to see that they are no TLS.
			silent, _ := readOne(t, NewEnsemble([]string{secure}, EnsembleOptions{}))
			if silent.Mode != cluster.ModeUnreachable || silent.Status != cluster.ServerTimeout && silent.Status != cluster.ServerTLSError {
				t.Errorf("plain words to the secure port: %s, %v", silent.Status, silent.Err)
			}
			lost := newTestSession(t, SessionOptions{Servers: []string{secure}})
			_, err := lost.get(within(t), "/secret")
			if status := Reason(err); status != string(cluster.ServerTLSError) && status != string(cluster.ServerNotServing) {
				t.Errorf("a plain session with the secure port: %s, %v", status, err)
			}
			t.Logf("plain to the secure port: words %v; session %v", silent.Err, err)
		})
	}
}

// startSecure starts a server with a port for TLS beside the plain one.
func startSecure(t *testing.T, release string) (secure string, pool *x509.CertPool, c *testbed.Cluster) {
	t.Helper()
	cert, pool := newCertificate(t)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "server.pem")
	both := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})...)
	if err := os.WriteFile(file, both, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secure = l.Addr().String()
	_, port, _ := net.SplitHostPort(secure)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return secure, pool, testbed.StartT(t, testbed.Spec{
		ZooKeeper: release, ZooKeeperOnly: true, ZooKeepers: 1,
		ZooKeeperProperties: map[string]string{
			"secureClientPort":        port,
			"serverCnxnFactory":       "org.apache.zookeeper.server.NettyServerCnxnFactory",
			"ssl.keyStore.location":   file,
			"ssl.keyStore.type":       "PEM",
			"ssl.trustStore.location": file,
			"ssl.trustStore.type":     "PEM",
			"ssl.clientAuth":          "none",
		},
	})
}

//go:build cluster

package testbed

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
)

// TestZooKeeperSecurity asks an ensemble over TLS, and for a znode with a digest
// ACL.
func TestZooKeeperSecurity(t *testing.T) {
	c := begin(t, Spec{ZooKeeper: "3.8.6", ZooKeeperOnly: true, ZooKeeperTLS: true, Chroot: "/kafka", OneJVM: true})
	testZooKeeperTLS(t, c)
	must(t, c.CreateWithACL(t.Context(), "/brokers/ids/0", []byte("{}"), "alice", "right"))
	for login, want := range map[string]error{"": zk.ErrNoAuth, "alice:wrong": zk.ErrNoAuth, "alice:right": nil} {
		data, err := readAs(t, c, login, "/kafka/brokers/ids/0")
		if !errors.Is(err, want) || (err == nil && string(data) != "{}") {
			t.Errorf("read as %q: %q, %v; want the error %v", login, data, err, want)
		}
	}
}

// testZooKeeperTLS asks every server with the right certificates and the wrong
// ones.
func testZooKeeperTLS(t *testing.T, c *Cluster) {
	right, err := c.PKI().clientTLS("alice")
	must(t, err)
	foreign, err := c.PKI().Foreign()
	must(t, err)
	wrong, err := foreign.clientTLS("alice")
	must(t, err)
	for _, s := range c.ZooKeepers() {
		if answer, err := srvr(s, right); err != nil || !strings.Contains(answer, "Mode: ") {
			t.Errorf("%s: %q, %v", s.Name(), answer, err)
		}
		for name, conf := range map[string]*tls.Config{
			"no certificate":                      {RootCAs: right.RootCAs},
			"a certificate of the foreign CA":     {RootCAs: right.RootCAs, Certificates: wrong.Certificates},
			"a client that trusts the foreign CA": {RootCAs: wrong.RootCAs, Certificates: right.Certificates},
		} {
			if answer, err := srvr(s, conf); err == nil && answer != "" {
				t.Errorf("%s with %s: %q", s.Name(), name, answer)
			}
		}
	}
}

// srvr asks a server over TLS how it is.
func srvr(s *Server, conf *tls.Config) (string, error) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", s.SecureAddr(), conf)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, "srvr"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	return string(answer), err
}

// readAs reads a znode after a login with a name and a password, joined by a
// colon.
func readAs(t *testing.T, c *Cluster, login, name string) ([]byte, error) {
	t.Helper()
	conn, _, err := zk.Connect(addresses(c.ZooKeepers()), 3*time.Second, zk.WithLogger(quiet{}), zk.WithLogInfo(false))
	must(t, err)
	defer conn.Close()
	return await(t.Context(), func() ([]byte, error) {
		if login != "" {
			if err := conn.AddAuth("digest", []byte(login)); err != nil {
				return nil, err
			}
		}
		data, _, err := conn.Get(name)
		return data, err
	})
}

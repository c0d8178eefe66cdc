package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// The mechanisms that a Listener may offer.
const (
	mechanismPlain       = "PLAIN"
	mechanismScram256    = "SCRAM-SHA-256"
	mechanismScram512    = "SCRAM-SHA-512"
	mechanismOAuthBearer = "OAUTHBEARER"
	mechanismGSSAPI      = "GSSAPI"
)

// The protocols of a Listener.
const (
	protocolSSL           = "SSL"
	protocolSASLPlaintext = "SASL_PLAINTEXT"
	protocolSASLSSL       = "SASL_SSL"
)

// Listener is a further listener of every broker, for clients that log in. The
// testbed and the brokers among themselves go on using the plain one.
type Listener struct {
	// Name is Kafka's name of the listener, in capitals, such as "SECURE".
	Name string
	// Protocol is SSL, SASL_PLAINTEXT or SASL_SSL.
	Protocol string
	// ClientAuth has the brokers ask for a certificate of the cluster's PKI, with
	// SSL and SASL_SSL; without it they take everybody.
	ClientAuth bool
	// Mechanisms are those of SASL that a client may choose from: PLAIN,
	// SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER and GSSAPI.
	Mechanisms []string
}

func (l Listener) tls() bool { return l.Protocol == protocolSSL || l.Protocol == protocolSASLSSL }
func (l Listener) sasl() bool {
	return l.Protocol == protocolSASLPlaintext || l.Protocol == protocolSASLSSL
}

// security is what a cluster with logins has beside its servers; a part that no
// listener needs is nil.
type security struct {
	pki       *PKI
	tokens    *TokenEndpoint
	kdc       *KDC
	listeners map[string][]string // addresses by name, in the order of the brokers
	// zookeepers are the addresses with TLS of the ensemble's servers.
	zookeepers []string
}

// PKI returns the cluster's certificate authority, and nil where neither a
// listener nor ZooKeeper needs one.
func (c *Cluster) PKI() *PKI { return c.security.pki }

// Tokens returns the endpoint that gives tokens to Spec.OAuthClients, and nil
// where no listener has OAUTHBEARER. Stop closes it.
func (c *Cluster) Tokens() *TokenEndpoint { return c.security.tokens }

// KDC returns the Kerberos server, and nil where no listener has GSSAPI. Stop
// stops it. The brokers' principal is kafka/127.0.0.1.
func (c *Cluster) KDC() *KDC { return c.security.kdc }

// Listener returns the addresses of all brokers on one of Spec.Listeners, as
// host:port, and nil for another name. The slice is the caller's.
func (c *Cluster) Listener(name string) []string { return slices.Clone(c.security.listeners[name]) }

// offers tells whether some listener has a mechanism.
func (s Spec) offers(mechanism string) bool {
	return slices.ContainsFunc(s.Listeners, func(l Listener) bool { return slices.Contains(l.Mechanisms, mechanism) })
}

// securityPorts is how many ports the spec needs for logins.
func (s Spec) securityPorts() int {
	ports := s.Brokers * len(s.Listeners)
	if s.ZooKeeperTLS {
		ports += s.ZooKeepers + s.Observers
	}
	return ports
}

// startSecurity starts what the brokers' logins need before the brokers
// themselves.
func (c *Cluster) startSecurity(ctx context.Context) error {
	c.security.listeners = make(map[string][]string)
	if err := c.startPKI(ctx); err != nil {
		return err
	}
	if c.spec.offers(mechanismOAuthBearer) {
		if err := c.startTokens(); err != nil {
			return err
		}
	}
	if c.spec.offers(mechanismGSSAPI) {
		if err := c.startKDC(ctx); err != nil {
			return err
		}
	}
	if c.spec.ZooKeeperTLS {
		c.spec.ZooKeeperProperties = c.secureEnsemble(c.spec.ZooKeeperProperties)
	}
	c.spec.Properties = c.secured(c.spec.Properties)
	return nil
}

// startPKI makes the certificates, if anything needs them: the token endpoint
// does, too.
func (c *Cluster) startPKI(ctx context.Context) error {
	listeners := slices.ContainsFunc(c.spec.Listeners, Listener.tls) || c.spec.Wires && c.release.hasTLSBehindWires()
	if !listeners && !c.spec.ZooKeeperTLS && !c.spec.offers(mechanismOAuthBearer) {
		return nil
	}
	var err error
	if c.security.pki, err = NewPKI(filepath.Join(c.dir, "pki")); err != nil {
		return err
	}
	if listeners && !c.release.readsPEM() {
		return c.security.pki.javaStores(ctx)
	}
	return nil
}

// startTokens starts the token endpoint and hands its key to the brokers as a
// file: a JVM would not trust the endpoint's certificate.
func (c *Cluster) startTokens() error {
	var err error
	if c.security.tokens, err = StartTokenEndpoint(c.security.pki, c.spec.OAuthClients); err != nil {
		return err
	}
	keys, err := json.Marshal(c.security.tokens.keySet())
	if err != nil {
		return fmt.Errorf("testbed: the token endpoint's key: %w", err)
	}
	if err := os.WriteFile(c.keysFile(), keys, 0o644); err != nil {
		return fmt.Errorf("testbed: the token endpoint's key: %w", err)
	}
	return nil
}

func (c *Cluster) keysFile() string { return filepath.Join(c.dir, "keys.json") }

// brokerPrincipal is the service's name with the host of every address under
// which brokers are advertised, because clients put it together so.
const brokerPrincipal = "kafka/127.0.0.1"

func (c *Cluster) startKDC(ctx context.Context) error {
	var err error
	if c.security.kdc, err = StartKDC(ctx, filepath.Join(c.dir, "kdc")); err != nil {
		return err
	}
	if err := c.security.kdc.AddPrincipal(ctx, brokerPrincipal, ""); err != nil {
		return err
	}
	_, err = c.security.kdc.Keytab(ctx, brokerPrincipal)
	return err
}

// brokerOptions returns the further flags of the brokers' JVMs.
func (c *Cluster) brokerOptions() []string {
	options := slices.Clone(c.spec.BrokerOptions)
	if c.security.kdc != nil {
		options = append(options, "-Djava.security.krb5.conf="+c.security.kdc.ConfigFile())
	}
	if c.security.tokens != nil {
		options = append(options, "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://"+c.keysFile())
	}
	return options
}

// close ends what startSecurity has started.
func (s *security) close() error {
	var errs []error
	if s.tokens != nil {
		errs = append(errs, s.tokens.Close())
	}
	if s.kdc != nil {
		errs = append(errs, s.kdc.Stop())
	}
	return errors.Join(errs...)
}

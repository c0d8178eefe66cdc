package testbed

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
)

// scramMechanisms are sarama's names for the mechanisms.
var scramMechanisms = map[string]sarama.ScramMechanismType{
	mechanismScram256: sarama.SCRAM_MECHANISM_SHA_256,
	mechanismScram512: sarama.SCRAM_MECHANISM_SHA_512,
}

// createUsers gives every user of the spec the SCRAM credentials that some
// listener asks for, and returns when each can log in at every broker.
func (c *Cluster) createUsers(ctx context.Context) error {
	for mechanism := range scramMechanisms {
		if len(c.spec.Users) == 0 || !c.spec.offers(mechanism) {
			continue
		}
		// One request each: without ZooKeeper a user may not occur twice in one.
		if err := c.upsert(ctx, credentials(mechanism, c.spec.Users)); err != nil {
			return fmt.Errorf("testbed: create the users of %s: %w", mechanism, err)
		}
	}
	return c.awaitScram(ctx, c.spec.Users)
}

// SetPassword changes the password of a user of Spec.Users for the SCRAM
// mechanisms that some listener offers, which must be one or more; for PLAIN the
// user keeps the old one. It returns when the new one is good at every broker
// that runs and is not frozen, and so the old one at none. Connections that are
// logged in stay. The user's entry in Spec.Users stays, too.
func (c *Cluster) SetPassword(ctx context.Context, user, password string) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if _, ok := c.spec.Users[user]; !ok {
		return fmt.Errorf("testbed: set the password of %q: Spec.Users has no such user", user)
	}
	changed, mechanisms := map[string]string{user: password}, 0
	for mechanism := range scramMechanisms {
		if !c.spec.offers(mechanism) {
			continue
		}
		mechanisms++
		if err := c.upsert(ctx, credentials(mechanism, changed)); err != nil {
			return fmt.Errorf("testbed: set the password of %s for %s: %w", user, mechanism, err)
		}
	}
	if mechanisms == 0 {
		return fmt.Errorf("testbed: set the password of %s: no listener offers SCRAM", user)
	}
	return c.awaitScram(ctx, changed)
}

// awaitScram returns when users can log in with their passwords at every broker
// that runs and is not frozen, with every SCRAM mechanism that it offers.
func (c *Cluster) awaitScram(ctx context.Context, users map[string]string) error {
	return waitFor(ctx, "wait until the SCRAM users can log in", func() error {
		for _, l := range c.spec.Listeners {
			if err := c.tryScram(l, users); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *Cluster) upsert(ctx context.Context, credentials []sarama.AlterUserScramCredentialsUpsert) error {
	return c.withClient(ctx, func(client sarama.Client) error {
		admin, err := sarama.NewClusterAdminFromClient(client)
		if err != nil {
			return err
		}
		results, err := admin.UpsertUserScramCredentials(credentials)
		for _, r := range results {
			if r.ErrorCode != sarama.ErrNoError {
				return fmt.Errorf("user %s: %w", r.User, r.ErrorCode)
			}
		}
		return err
	})
}

// credentials returns those of users for one mechanism.
func credentials(mechanism string, users map[string]string) []sarama.AlterUserScramCredentialsUpsert {
	var out []sarama.AlterUserScramCredentialsUpsert
	for user, password := range users {
		out = append(out, sarama.AlterUserScramCredentialsUpsert{
			Name:       user,
			Mechanism:  scramMechanisms[mechanism],
			Iterations: 4096, // the least that Kafka takes
			Salt:       []byte(rand.Text()),
			Password:   []byte(password),
		})
	}
	return out
}

// tryScram logs users in at every broker that runs and is not frozen, once with
// each SCRAM mechanism of a listener.
func (c *Cluster) tryScram(l Listener, users map[string]string) error {
	for _, mechanism := range l.Mechanisms {
		if !isScram(mechanism) {
			continue
		}
		for user, password := range users {
			conf, err := c.loginConfig(l, mechanism, user, password)
			if err != nil {
				return permanent{err}
			}
			for i, addr := range c.Listener(l.Name) {
				if !c.brokers[i].proc.responsive() {
					continue
				}
				if err := tryLogin(addr, conf); err != nil {
					return fmt.Errorf("user %s at %s: %w", user, addr, err)
				}
			}
		}
	}
	return nil
}

// tryLogin connects to a broker, which includes what conf has of TLS and SASL.
func tryLogin(addr string, conf *sarama.Config) error {
	b := sarama.NewBroker(addr)
	if err := b.Open(conf); err != nil {
		return err
	}
	if _, err := b.Connected(); err != nil {
		return err // and nothing is open
	}
	return b.Close()
}

// loginConfig returns sarama's settings for a login with a password.
func (c *Cluster) loginConfig(l Listener, mechanism, user, password string) (*sarama.Config, error) {
	conf := c.clientConfig()
	if l.tls() {
		var err error
		if conf.Net.TLS.Config, err = c.security.pki.clientTLS("testbed"); err != nil {
			return nil, err
		}
		conf.Net.TLS.Enable = true
	}
	conf.Net.SASL.Enable = true
	conf.Net.SASL.Mechanism = sarama.SASLMechanism(mechanism)
	conf.Net.SASL.User, conf.Net.SASL.Password = user, password
	conf.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient {
		if mechanism == mechanismScram256 {
			return &scramLogin{hash: scram.SHA256}
		}
		return &scramLogin{hash: scram.SHA512}
	}
	return conf, nil
}

// clientTLS returns the settings of a client that trusts the authority and has
// a certificate of it.
func (p *PKI) clientTLS(name string) (*tls.Config, error) {
	ca, err := os.ReadFile(p.CAFile)
	if err != nil {
		return nil, err
	}
	certFile, keyFile, err := p.Client(name)
	if err != nil {
		return nil, err
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}

// scramLogin is the client's side of SCRAM, which sarama leaves to others.
type scramLogin struct {
	hash scram.HashGeneratorFcn
	*scram.ClientConversation
}

// Begin starts a login.
func (s *scramLogin) Begin(user, password, authzID string) error {
	client, err := s.hash.NewClient(user, password, authzID)
	if err != nil {
		return err
	}
	s.ClientConversation = client.NewConversation()
	return nil
}

//go:build cluster

package testbed

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"
)

// securitySpec is a cluster with every kind of login that a release has.
func securitySpec(release string) Spec {
	secure := []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}
	if release != "2.8.2" {
		secure = append(secure, "OAUTHBEARER")
	}
	return Spec{
		Kafka:      release,
		Brokers:    1,
		ZooKeepers: 1,
		Authorizer: true,
		// The brokers stay on the plain port.
		ZooKeeperTLS: release != "4.4.0",
		Listeners: []Listener{
			{Name: "MUTUAL", Protocol: "SSL", ClientAuth: true},
			{Name: "SECURE", Protocol: "SASL_SSL", Mechanisms: secure},
			{Name: "KERBEROS", Protocol: "SASL_PLAINTEXT", Mechanisms: []string{"GSSAPI"}},
		},
		Users:        map[string]string{"alice": `right "\ one`, "bob": "other"},
		OAuthClients: map[string]string{"carol": "her secret"},
	}
}

// TestSecurity logs in with everything, rightly and wrongly.
func TestSecurity(t *testing.T) { testSecurity(t, securitySpec("4.4.0")) }

func testSecurity(t *testing.T, spec Spec) {
	c := begin(t, spec)
	must(t, c.CreateTopic(t.Context(), "test", [][]int32{{0}}))
	t.Run("certificates", func(t *testing.T) { testCertificates(t, c) })
	t.Run("passwords", func(t *testing.T) { testPasswords(t, c) })
	t.Run("new password", func(t *testing.T) { testNewPassword(t, c) })
	t.Run("ACLs", func(t *testing.T) { testACLs(t, c) })
	t.Run("tickets", func(t *testing.T) { testTickets(t, c) })
	if c.Tokens() != nil {
		t.Run("tokens", func(t *testing.T) { testTokens(t, c) })
	}
}

// ask logs in at the first broker's listener and asks for a topic.
func ask(c *Cluster, listener string, conf *sarama.Config) error {
	b := sarama.NewBroker(c.Listener(listener)[0])
	if err := b.Open(conf); err != nil {
		return err
	}
	if _, err := b.Connected(); err != nil {
		return err
	}
	defer b.Close()
	metadata, err := b.GetMetadata(sarama.NewMetadataRequest(conf.Version, []string{"test"}))
	if err != nil {
		return err
	}
	if addr := metadata.Brokers[0].Addr(); addr != c.Listener(listener)[0] {
		return errors.New("the broker names itself " + addr)
	}
	if code := metadata.Topics[0].Err; code != sarama.ErrNoError {
		return code
	}
	return nil
}

func testCertificates(t *testing.T, c *Cluster) {
	must(t, c.Allow(t.Context(), "CN=dave", sarama.AclResourceTopic, "test", sarama.AclOperationDescribe))
	conf := c.clientConfig()
	conf.Net.TLS.Enable = true
	right, err := c.PKI().clientTLS("dave")
	must(t, err)
	conf.Net.TLS.Config = right
	must(t, ask(c, "MUTUAL", conf))

	conf.Net.TLS.Config = &tls.Config{RootCAs: right.RootCAs}
	if err := ask(c, "MUTUAL", conf); err == nil {
		t.Error("the broker takes a client without a certificate")
	}
	foreign, err := c.PKI().Foreign()
	must(t, err)
	stranger, err := foreign.clientTLS("dave")
	must(t, err)
	conf.Net.TLS.Config = &tls.Config{RootCAs: right.RootCAs, Certificates: stranger.Certificates}
	if err := ask(c, "MUTUAL", conf); err == nil {
		t.Error("the broker takes a certificate of the foreign authority")
	}
	conf.Net.TLS.Config = &tls.Config{RootCAs: stranger.RootCAs, Certificates: right.Certificates}
	var unknown *tls.CertificateVerificationError
	if err := ask(c, "MUTUAL", conf); !errors.As(err, &unknown) {
		t.Errorf("the broker's certificate under the foreign authority: %v", err)
	}
}

// passwordLogin returns the settings for a login at SECURE.
func passwordLogin(t *testing.T, c *Cluster, mechanism, user, password string) *sarama.Config {
	t.Helper()
	i := slices.IndexFunc(c.spec.Listeners, func(l Listener) bool { return l.Name == "SECURE" })
	conf, err := c.loginConfig(c.spec.Listeners[i], mechanism, user, password)
	must(t, err)
	return conf
}

func testPasswords(t *testing.T, c *Cluster) {
	must(t, c.Allow(t.Context(), "alice", sarama.AclResourceTopic, "test", sarama.AclOperationDescribe, sarama.AclOperationRead))
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		if err := ask(c, "SECURE", passwordLogin(t, c, mechanism, "alice", `right "\ one`)); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
		if err := ask(c, "SECURE", passwordLogin(t, c, mechanism, "alice", "wrong")); err == nil || !strings.Contains(err.Error(), "uthentication") {
			t.Errorf("%s with a wrong password: %v", mechanism, err)
		}
	}
}

// testNewPassword changes a password while the cluster runs.
func testNewPassword(t *testing.T, c *Cluster) {
	ctx := t.Context()
	old := passwordLogin(t, c, "SCRAM-SHA-512", "alice", `right "\ one`)
	must(t, c.SetPassword(ctx, "alice", "new"))
	must(t, ask(c, "SECURE", passwordLogin(t, c, "SCRAM-SHA-256", "alice", "new")))
	must(t, ask(c, "SECURE", passwordLogin(t, c, "SCRAM-SHA-512", "alice", "new")))
	if err := ask(c, "SECURE", old); err == nil || !strings.Contains(err.Error(), "uthentication") {
		t.Errorf("with the old password: %v", err)
	}
	if err := c.SetPassword(ctx, "nobody", "new"); err == nil || !strings.Contains(err.Error(), "no such user") {
		t.Errorf("for a user who is not there: %v", err)
	}
}

func testACLs(t *testing.T, c *Cluster) {
	bob := passwordLogin(t, c, "PLAIN", "bob", "other")
	if err := ask(c, "SECURE", bob); !errors.Is(err, sarama.ErrTopicAuthorizationFailed) {
		t.Errorf("without an ACL: %v", err)
	}
	must(t, c.Allow(t.Context(), "bob", sarama.AclResourceTopic, "test", sarama.AclOperationDescribe))
	must(t, ask(c, "SECURE", bob))
}

func testTickets(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.Allow(ctx, "erin", sarama.AclResourceTopic, "test", sarama.AclOperationDescribe))
	must(t, c.KDC().AddPrincipal(ctx, "erin", "her password"))
	if err := c.KDC().AddPrincipal(ctx, "erin", "her password"); err == nil || strings.Contains(err.Error(), "her password") {
		t.Errorf("the same principal again: %v, want an error without the password", err)
	}
	keytab, err := c.KDC().Keytab(ctx, "erin")
	must(t, err)
	conf := c.clientConfig()
	conf.Net.SASL.Enable = true
	conf.Net.SASL.Mechanism = sarama.SASLTypeGSSAPI
	conf.Net.SASL.GSSAPI = sarama.GSSAPIConfig{
		AuthType:           sarama.KRB5_KEYTAB_AUTH,
		KeyTabPath:         keytab,
		KerberosConfigPath: c.KDC().ConfigFile(),
		ServiceName:        "kafka",
		Username:           "erin",
		Realm:              c.KDC().Realm(),
		DisablePAFXFAST:    true,
	}
	must(t, ask(c, "KERBEROS", conf))
	conf.Net.SASL.GSSAPI.AuthType = sarama.KRB5_USER_AUTH
	conf.Net.SASL.GSSAPI.Password = "her password"
	must(t, ask(c, "KERBEROS", conf))
	conf.Net.SASL.GSSAPI.Password = "wrong"
	if err := ask(c, "KERBEROS", conf); err == nil {
		t.Error("the KDC takes a wrong password")
	}
	conf.Net.SASL.GSSAPI.Password = "her password"
	conf.Net.SASL.GSSAPI.ServiceName = "zookeeper"
	if err := ask(c, "KERBEROS", conf); err == nil {
		t.Error("the KDC has a ticket for a service that it does not know")
	}
}

// tokenProvider gives sarama tokens of an endpoint.
type tokenProvider struct {
	client *http.Client
	url    string
	secret string
}

func (p tokenProvider) Token() (*sarama.AccessToken, error) {
	response, err := p.client.PostForm(p.url, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"carol"}, "client_secret": {p.secret},
	})
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return nil, err
	}
	return &sarama.AccessToken{Token: body.Token}, nil
}

func testTokens(t *testing.T, c *Cluster) {
	must(t, c.Allow(t.Context(), "carol", sarama.AclResourceTopic, "test", sarama.AclOperationDescribe))
	conf := passwordLogin(t, c, "OAUTHBEARER", "", "")
	transport := &http.Transport{TLSClientConfig: conf.Net.TLS.Config}
	defer transport.CloseIdleConnections()
	provider := tokenProvider{&http.Client{Transport: transport}, c.Tokens().URL(), "her secret"}
	conf.Net.SASL.TokenProvider = provider
	must(t, ask(c, "SECURE", conf))

	provider.secret = "wrong"
	conf.Net.SASL.TokenProvider = provider
	if err := ask(c, "SECURE", conf); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("with a wrong secret: %v", err)
	}
	if all, refused := c.Tokens().Requests(); all != 2 || refused != 1 {
		t.Errorf("%d requests, %d refused; want 2 and 1", all, refused)
	}
	// A token of an endpoint that the broker has never heard of.
	other, err := StartTokenEndpoint(c.PKI(), map[string]string{"carol": "her secret"})
	must(t, err)
	defer other.Close()
	conf.Net.SASL.TokenProvider = tokenProvider{provider.client, other.URL(), "her secret"}
	if err := ask(c, "SECURE", conf); err == nil || !strings.Contains(err.Error(), "uthentication failed") {
		t.Errorf("with a token that somebody else has signed: %v", err)
	}
}

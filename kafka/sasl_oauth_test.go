package kafka

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/config"
)

// bearerSession knows what clients have to say.
type bearerSession struct{ want func() string }

func (s bearerSession) step(said []byte) ([]byte, bool, error) {
	if string(said) == `\x01` {
		return nil, true, errors.New("wrong token") // after the challenge that said so
	}
	if string(said) != s.want() {
		return []byte(`{"status":"invalid_token"}`), false, nil
	}
	return nil, true, nil
}

// endpoint is a token endpoint whose tokens tell their number.
type endpoint struct {
	*httptest.Server
	secret string
	life   int // seconds; 0: not told
	given  atomic.Int32
	asked  atomic.Int32
}

func newEndpoint(t *testing.T, start func(http.Handler) *httptest.Server) *endpoint {
	t.Helper()
	e := &endpoint{secret: "hunter2", life: 3600}
	e.Server = start(e)
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.asked.Add(1)
	w.Header().Set("Content-Type", "application/json")
	id, secret, _ := r.BasicAuth()
	if id != "evenkeel" || secret != e.secret || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "kafka metrics" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error": "invalid_client", "error_description": "no client with secret %s"}`, secret)
		return
	}
	expires := ""
	if e.life != 0 {
		expires = fmt.Sprintf(`, "expires_in": %d`, e.life)
	}
	fmt.Fprintf(w, `{"access_token": "token-%d", "token_type": "Bearer"%s}`, e.given.Add(1), expires)
}

// token is the last one that was given out.
func (e *endpoint) token() string { return fmt.Sprint("token-", e.given.Load()) }

func (e *endpoint) sasl() config.SASL {
	return config.SASL{Mechanism: config.OAuthBearer, OAuth: config.OAuth{
		TokenURL: e.URL + "/token", ClientID: "evenkeel", ClientSecret: config.NewSecret("hunter2"), Scopes: []string{"kafka", "metrics"},
	}}
}

func TestOAuthLogin(t *testing.T) {
	e := newEndpoint(t, httptest.NewServer)
	c := e.sasl()
	c.OAuth.Extensions = map[string]string{"logicalCluster": "lkc-1", "traceId": "7"}
	login := newLogin(t, c)
	broker := newSASLFake(t, "OAUTHBEARER", func() saslSession {
		return bearerSession{func() string {
			return "n,,\x01auth=Bearer " + e.token() + "\x01logicalCluster=lkc-1\x01traceId=7\x01\x01"
		}}
	})
	for range 3 {
		if _, err := logInTo(t, login, broker.addr, sarama.SASLHandshakeV1); err != nil {
			t.Fatal(err)
		}
	}
	// Sarama has no old form of this login, and takes the new one.
	if _, err := logInTo(t, login, broker.addr, sarama.SASLHandshakeV0); err != nil {
		t.Fatal(err)
	}
	if broker.succeeded() != 4 || e.given.Load() != 1 {
		t.Errorf("%d logins with %d tokens", broker.succeeded(), e.given.Load())
	}
}

func TestBrokerRefusesToken(t *testing.T) {
	e := newEndpoint(t, httptest.NewServer)
	broker := newSASLFake(t, "OAUTHBEARER", func() saslSession { return bearerSession{func() string { return "another" }} })
	if _, err := logInTo(t, newLogin(t, e.sasl()), broker.addr, sarama.SASLHandshakeV1); !errors.Is(err, sarama.ErrSASLAuthenticationFailed) {
		t.Errorf("got %v", err)
	}
}

// A connection whose login is of limited life renews it with a new token.
func TestLoginIsRenewed(t *testing.T) {
	e := newEndpoint(t, httptest.NewServer)
	e.life = -1 // each login takes a new one
	broker := newSASLFake(t, "OAUTHBEARER", func() saslSession {
		return bearerSession{func() string { return "n,,\x01auth=Bearer " + e.token() + "\x01\x01" }}
	})
	broker.lifetime = time.Millisecond
	client, err := logInTo(t, newLogin(t, e.sasl()), broker.addr, sarama.SASLHandshakeV1)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); broker.succeeded() < 3; {
		if _, err := client.ListGroups(&sarama.ListGroupsRequest{}); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d logins", broker.succeeded())
		}
	}
	if given := e.given.Load(); given != int32(broker.succeeded()) {
		t.Errorf("%d logins with %d tokens", broker.succeeded(), given)
	}
}

func TestTokenEndpointWithItsOwnCA(t *testing.T) {
	e := newEndpoint(t, func(h http.Handler) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // that its clients do not trust it
		s.StartTLS()
		return s
	})
	c := e.sasl()
	login := func() error { return newLogin(t, c)(t.Context(), sarama.NewConfig()) }
	if err := login(); err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("without its CA: %v", err)
	}
	c.OAuth.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := login(); err == nil || !strings.Contains(err.Error(), c.OAuth.CAFile) {
		t.Errorf("without the file: %v", err)
	}
	if err := os.WriteFile(c.OAuth.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := login(); err != nil {
		t.Errorf("with its CA: %v", err)
	}
}

func TestClientSecretIsReadAnew(t *testing.T) {
	e := newEndpoint(t, httptest.NewServer)
	c := e.sasl()
	c.OAuth.ClientSecret, c.OAuth.ClientSecretFile = config.Secret{}, filepath.Join(t.TempDir(), "secret")
	fetch := oauthTokens(c.OAuth)
	for _, e.secret = range []string{"before", "after"} {
		if err := os.WriteFile(c.OAuth.ClientSecretFile, []byte(e.secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := fetch(t.Context()); err != nil || got.text != e.token() || time.Until(got.expires) < time.Minute {
			t.Errorf("with %s: %+v, %v", e.secret, got, err)
		}
	}
	e.life = 0
	if got, err := fetch(t.Context()); err != nil || !got.expires.IsZero() {
		t.Errorf("when it is not told how long a token is valid: %+v, %v", got, err)
	}
}

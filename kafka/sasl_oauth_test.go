package kafka

import (
	"context"
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
	e.life = 1 // so each login asks for a new one, or soon
	broker := newSASLFake(t, "OAUTHBEARER", func() saslSession {
		return bearerSession{func() string { return "n,,\x01auth=Bearer " + e.token() + "\x01\x01" }}
	})
	broker.lifetime = 10 * time.Millisecond
	client, err := logInTo(t, newLogin(t, e.sasl()), broker.addr, sarama.SASLHandshakeV1)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); broker.succeeded() < 3 || e.given.Load() < 2; {
		if _, err := client.ListGroups(&sarama.ListGroupsRequest{}); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d logins with %d tokens", broker.succeeded(), e.given.Load())
		}
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

func TestTokenEndpointRefuses(t *testing.T) {
	e := newEndpoint(t, httptest.NewServer)
	c := e.sasl()
	c.OAuth.ClientSecret = config.NewSecret("hunter3")
	err := newLogin(t, c)(t.Context(), sarama.NewConfig())
	want := "credentials for OAUTHBEARER: token endpoint " + e.URL + `/token: it answers 401 Unauthorized: "invalid_client": "no client with secret `
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hunter3") {
		t.Errorf("got %v", err)
	}
	var credentials *credentialsError
	if !errors.As(err, &credentials) || errors.Unwrap(credentials) != nil {
		t.Errorf("got %#v", err)
	}
}

// What comes back may be anything, and the error is one short line without it.
func TestTokenEndpointAnswersRubbish(t *testing.T) {
	elsewhere := newEndpoint(t, httptest.NewServer)
	page := "<html>\n" + strings.Repeat("hunter2 ", 1000)
	for name, handle := range map[string]http.HandlerFunc{
		"it answers 502 Bad Gateway": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, page)
		},
		"it answers 307 Temporary Redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
		"it answers 400 Bad Request": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error": "a\nb", "error_description": %q}`, page)
		},
		"": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handle)
			defer server.Close()
			c := elsewhere.sasl()
			c.OAuth.TokenURL = server.URL
			err := newLogin(t, c)(t.Context(), sarama.NewConfig())
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), server.URL) {
				t.Fatalf("got %v", err)
			}
			if text := err.Error(); len(text) > 500 || strings.Contains(text, "\n") || strings.Contains(text, "hunter2") {
				t.Errorf("not one short line without secrets: %s", text)
			}
		})
	}
	if elsewhere.asked.Load() != 0 {
		t.Error("the secret was taken elsewhere")
	}
}

func TestTokenEndpointHangs(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	defer server.Close()
	defer close(release)
	c := config.SASL{Mechanism: config.OAuthBearer, OAuth: config.OAuth{TokenURL: server.URL, ClientID: "evenkeel", ClientSecret: config.NewSecret("hunter2")}}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := newLogin(t, c)(ctx, sarama.NewConfig())
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "token endpoint "+server.URL) {
		t.Errorf("got %v", err)
	}
}

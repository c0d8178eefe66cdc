package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/config"
)

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

// The query of the URL may hold a key, and so may what stands before the host.
func TestQueryOfTokenURLIsNotTold(t *testing.T) {
	const query = "subscription-key=hunter4&x=1"
	e := newEndpoint(t, httptest.NewServer)
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error": "invalid_request", "error_description": "not at %s"}`, r.RequestURI)
	}))
	t.Cleanup(echo.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, tt := range map[string]struct{ url, want string }{
		"refused":         {gone.URL + "/token?" + query, "token endpoint " + gone.URL + "/token: "},
		"repeated":        {echo.URL + "/token?" + query, "token endpoint " + echo.URL + "/token: it answers 400 Bad Request: "},
		"with a fragment": {gone.URL + "/token?" + query + "#hunter4", "token endpoint " + gone.URL + "/token: "},
		"with a user":     {strings.Replace(gone.URL, "//", "//me:hunter4@", 1), "token endpoint " + gone.URL + ": "},
		"not a URL":       {"http://[hunter4", "token endpoint of token_url: "},
	} {
		c := e.sasl()
		c.OAuth.TokenURL = tt.url
		err := newLogin(t, c)(t.Context(), sarama.NewConfig())
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter4") {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	if e.asked.Load() != 0 {
		t.Error("another endpoint was asked")
	}
}

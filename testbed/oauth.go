package testbed

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// TokenEndpoint is an OAuth 2.0 authorization server on loopback: it gives
// tokens to clients that show their id and secret (RFC 6749, section 4.4).
// Its methods may be called from several goroutines.
type TokenEndpoint struct {
	clients  map[string]string
	key      *rsa.PrivateKey
	base     string
	server   *http.Server
	served   chan struct{} // closed once the server has ended
	requests atomic.Int64
	refused  atomic.Int64
	lifetime atomic.Int64 // of a token, in nanoseconds
}

const (
	tokenPath = "/token"
	keysPath  = "/keys"
	// tokenAudience is for whom the tokens are.
	tokenAudience = "kafka"
)

// StartTokenEndpoint starts a token endpoint over HTTPS with the server's
// certificate of pki, for clients with the given secrets by id. Tokens last an
// hour. The caller calls Close.
func StartTokenEndpoint(pki *PKI, clients map[string]string) (*TokenEndpoint, error) {
	cert, err := tls.LoadX509KeyPair(pki.ServerCertFile, pki.ServerKeyFile)
	if err != nil {
		return nil, fmt.Errorf("testbed: token endpoint: %w", err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("testbed: token endpoint: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("testbed: token endpoint: %w", err)
	}
	e := &TokenEndpoint{clients: maps.Clone(clients), key: key, base: "https://" + listener.Addr().String(), served: make(chan struct{})}
	e.SetLifetime(time.Hour)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+tokenPath, e.token)
	mux.HandleFunc("GET "+keysPath, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, e.keySet()) })
	e.server = &http.Server{
		Handler:           mux,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // a client that distrusts the certificate
	}
	go func() {
		defer close(e.served)
		_ = e.server.ServeTLS(listener, "", "") // ends with Close
	}()
	return e, nil
}

// URL returns where clients ask for tokens.
func (e *TokenEndpoint) URL() string { return e.base + tokenPath }

// KeysURL returns where the key is that verifies the tokens, as a JWKS.
func (e *TokenEndpoint) KeysURL() string { return e.base + keysPath }

// Requests returns how many requests for a token have come, and how many of
// them were refused.
func (e *TokenEndpoint) Requests() (all, refused int) {
	return int(e.requests.Load()), int(e.refused.Load())
}

// SetLifetime says how long the tokens last that are given from now on, in
// whole seconds.
func (e *TokenEndpoint) SetLifetime(d time.Duration) { e.lifetime.Store(int64(d)) }

// Close ends the endpoint and its connections. It may be called more than once.
func (e *TokenEndpoint) Close() error {
	err := e.server.Close()
	<-e.served
	return err
}

// token answers a request for a token.
func (e *TokenEndpoint) token(w http.ResponseWriter, r *http.Request) {
	e.requests.Add(1)
	id, ok := e.identify(r)
	switch {
	case r.PostFormValue("grant_type") != "client_credentials":
		e.refused.Add(1)
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	case !ok:
		e.refused.Add(1)
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	lifetime := time.Duration(e.lifetime.Load())
	token, err := e.sign(id, r.PostFormValue("scope"), lifetime)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token,
		"token_type":   "Bearer",
		"expires_in":   int64(lifetime.Seconds()),
	})
}

// identify returns the client's id, which it shows with its secret in the
// header or, as many clients do, in the form; false: it is none of ours.
func (e *TokenEndpoint) identify(r *http.Request) (string, bool) {
	id, secret, basic := r.BasicAuth()
	if basic {
		// Both are form-encoded before they go into the header.
		var err, err2 error
		id, err = url.QueryUnescape(id)
		secret, err2 = url.QueryUnescape(secret)
		if err != nil || err2 != nil {
			return "", false
		}
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	want, ok := e.clients[id]
	return id, ok && secret == want
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has left
}

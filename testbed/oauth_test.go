package testbed

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// requestToken asks for a token and returns the status and the answer.
func requestToken(t *testing.T, client *http.Client, request *http.Request) (int, map[string]any) {
	t.Helper()
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

func TestTokenEndpoint(t *testing.T) {
	pki, err := NewPKI(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := StartTokenEndpoint(pki, map[string]string{"carol": "a secret&"})
	if err != nil {
		t.Fatal(err)
	}
	defer endpoint.Close()
	endpoint.SetLifetime(90 * time.Second)
	trust, err := pki.clientTLS("carol")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	defer client.CloseIdleConnections()

	form := func(values url.Values) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint.URL(), strings.NewReader(values.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	grant := url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}}
	inHeader := form(grant)
	inHeader.SetBasicAuth("carol", url.QueryEscape("a secret&"))
	wrong := form(grant)
	wrong.SetBasicAuth("carol", "no")
	inForm := url.Values{"grant_type": grant["grant_type"], "client_id": {"carol"}, "client_secret": {"a secret&"}}
	for name, c := range map[string]struct {
		request *http.Request
		want    int
	}{
		"secret in the header": {inHeader, http.StatusOK},
		"secret in the form":   {form(inForm), http.StatusOK},
		"wrong secret":         {wrong, http.StatusUnauthorized},
		"no client":            {form(grant), http.StatusUnauthorized},
		"no grant":             {form(url.Values{"client_id": {"carol"}, "client_secret": {"a secret&"}}), http.StatusBadRequest},
	} {
		status, body := requestToken(t, client, c.request)
		if status != c.want || (status == http.StatusOK) != (body["access_token"] != nil) {
			t.Errorf("%s: status %d with %v, want %d", name, status, body, c.want)
		}
		if status == http.StatusOK {
			checkToken(t, endpoint, body)
		}
	}
	if all, refused := endpoint.Requests(); all != 5 || refused != 3 {
		t.Errorf("%d requests, %d refused; want 5 and 3", all, refused)
	}
}

// checkToken verifies a token's signature and its claims.
func checkToken(t *testing.T, endpoint *TokenEndpoint, body map[string]any) {
	t.Helper()
	token, _ := body["access_token"].(string)
	i := strings.LastIndexByte(token, '.')
	_, payload, _ := strings.Cut(token[:max(i, 0)], ".")
	signature, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(token[:i]))
	if err := rsa.VerifyPKCS1v15(&endpoint.key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
		t.Error(err)
	}
	decoded, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Sub, Aud string
		Iat, Exp int64
	}
	if err := json.Unmarshal(decoded, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Sub != "carol" || claims.Aud != "kafka" || claims.Exp-claims.Iat != 90 || body["expires_in"] != 90.0 {
		t.Errorf("claims %+v of %v", claims, body)
	}
}

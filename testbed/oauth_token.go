package testbed

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"time"
)

// keyID names the endpoint's one key.
const keyID = "testbed"

// sign returns a token for a client: a JWT, signed with RS256 (RFC 7515,
// appendix A.2).
func (e *TokenEndpoint) sign(client, scope string, lifetime time.Duration) (string, error) {
	now := time.Now()
	claims := map[string]any{
		"iss": e.base,
		"aud": tokenAudience,
		"sub": client,
		"iat": now.Unix(),
		"exp": now.Add(lifetime).Unix(),
		"jti": rand.Text(),
	}
	if scope != "" {
		claims["scope"] = scope
	}
	header, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": keyID})
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	signed := encode(header) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, e.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed + "." + encode(signature), nil
}

// keySet returns the key that verifies the tokens, in the form of RFC 7517.
func (e *TokenEndpoint) keySet() map[string]any {
	return map[string]any{"keys": []map[string]string{{
		"kty": "RSA",
		"use": "sig",
		"alg": "RS256",
		"kid": keyID,
		"n":   encode(e.key.N.Bytes()),
		"e":   encode(big.NewInt(int64(e.key.E)).Bytes()),
	}}}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

package security

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestConceal(t *testing.T) {
	const harmless = "Authentication failed: Invalid username or password"
	for _, secret := range []string{"hunter2", "k/Y+%=~ #&é", "p", strings.Repeat("long?", 50), "two\nlines\x00"} {
		ways := map[string]string{"plain": secret, "quoted": fmt.Sprintf("%q", secret), "URL": url.QueryEscape(secret), "path": url.PathEscape(secret), "hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret)))}
		for shift := range 6 {
			if len(secret) < 4 {
				break // could be anything
			}
			for _, inner := range []string{secret, url.QueryEscape(secret)} {
				text := []byte(strings.Repeat(":", shift) + inner + strings.Repeat("!", shift))
				ways[fmt.Sprint("base64 ", shift, inner)] = base64.StdEncoding.EncodeToString(text)
				ways[fmt.Sprint("base64 of URLs ", shift, inner)] = base64.RawURLEncoding.EncodeToString(text)
			}
		}
		for way, text := range ways {
			if got := Conceal("no: "+text+" is wrong", "other", secret); got != concealed {
				t.Errorf("%q, %s: %s", secret, way, got)
			}
		}
	}
	if got := Conceal(harmless, "", "hunter2"); got != harmless {
		t.Error(got)
	}
}

// FuzzConceal holds that no secret comes through, wherever it stands.
func FuzzConceal(f *testing.F) {
	f.Add("hunter2", "before", "after")
	f.Add("\xff\x00", "", "=")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		text := before + secret + after
		if got := Conceal(text, secret); secret != "" && got != concealed {
			t.Errorf("%q comes through", secret)
		}
		if got := Conceal(text); got != text {
			t.Errorf("%q is concealed for nothing", text)
		}
		encoded := base64.StdEncoding.EncodeToString([]byte(text))
		if got := Conceal(encoded, secret); len(secret) > 4 && got != concealed {
			t.Errorf("%q comes through in base64", secret)
		}
	})
}

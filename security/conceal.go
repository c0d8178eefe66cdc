package security

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
)

// concealed stands for words that are not repeated.
const concealed = "(in words that repeat a secret, and so are not told)"

// Conceal returns text, which is what another side says of a login, or a note in its
// place where it tells one of the secrets: as it is, quoted, or in the encodings in
// which a secret travels (of URLs, base64, hex). It does not look for a part of a
// secret. Empty secrets are none.
func Conceal(text string, secrets ...string) string {
	for _, secret := range secrets {
		for _, shape := range shapes(secret) {
			if shape != "" && strings.Contains(text, shape) {
				return concealed
			}
		}
	}
	return text
}

// shapes are the ways in which a secret may be written; some may be "".
func shapes(secret string) []string {
	quoted, inURL := strconv.Quote(secret), url.QueryEscape(secret)
	code := hex.EncodeToString([]byte(secret))
	all := []string{
		secret, quoted[1 : len(quoted)-1], code, strings.ToUpper(code),
		inURL, url.PathEscape(secret), strings.ReplaceAll(inURL, "+", "%20"),
	}
	for _, inner := range []string{secret, inURL} {
		for shift := range 3 {
			all = append(all, inBase64(base64.RawStdEncoding, inner, shift), inBase64(base64.RawURLEncoding, inner, shift))
		}
	}
	return all
}

// inBase64 returns what text is in base64 after so many other bytes, modulo 3,
// without the characters that it shares with its neighbours; of a text that is too
// short to be told from others by the rest, "".
func inBase64(encoding *base64.Encoding, text string, shift int) string {
	encoded := encoding.EncodeToString(append(make([]byte, shift), text...))
	from, to := (shift*8+5)/6, (shift+len(text))*8/6
	if to-from < 4 {
		return ""
	}
	return encoded[from:to]
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/security"
)

// maxDescription is how much of an endpoint's own words is repeated, in bytes.
const maxDescription = 200

// oauthTokens returns a function that gets a token by the grant of client
// credentials (RFC 6749, section 4.4). It must not be called twice at once.
func oauthTokens(c config.OAuth) func(context.Context) (token, error) {
	// It outlives a token, because it learns in which of two ways the endpoint wants
	// the secret, which costs a request that is refused.
	endpoint, query := splitURL(c.TokenURL)
	grant := &clientcredentials.Config{ClientID: c.ClientID, TokenURL: c.TokenURL, Scopes: c.Scopes}
	return func(ctx context.Context) (token, error) {
		secret, err := security.ReadSecret(c.ClientSecret, c.ClientSecretFile)
		if err != nil {
			return token{}, err
		}
		transport, err := tokenTransport(c.CAFile)
		if err != nil {
			return token{}, fmt.Errorf("token endpoint %s: %w", endpoint, err)
		}
		defer transport.CloseIdleConnections()
		client := &http.Client{
			Transport: transport,
			// The secret is meant for this URL, and for no other.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		grant.ClientSecret = secret
		got, err := grant.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		if err != nil {
			return token{}, fmt.Errorf("token endpoint %s: %w", endpoint, refusal(err, secret, query))
		}
		return token{text: got.AccessToken, expires: got.Expiry}, nil
	}
}

// splitURL returns what of a URL may be told: neither its query, in which keys are
// handed over, nor a user. The query is returned apart; "" for none.
func splitURL(text string) (told, query string) {
	u, err := url.Parse(text)
	if err != nil {
		return "of token_url", "" // the request fails by it
	}
	query = u.RawQuery
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String(), query
}

// tokenTransport goes through the proxy of the environment, as other HTTP clients
// do. Tokens are asked for so rarely that no connection is kept.
func tokenTransport(caFile string) (*http.Transport, error) {
	conf, err := security.ClientTLS(config.TLS{Enabled: true, CAFile: caFile})
	if err != nil {
		return nil, err
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, DisableKeepAlives: true}, nil
}

// refusal shortens what the library says of a refused request, which includes the
// body of the answer: a page of HTML, or what was sent.
func refusal(err error, secret, query string) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err // the rest repeats the URL
	}
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return err
	}
	text := "the answer is no token"
	if refused.Response != nil && refused.Response.StatusCode != http.StatusOK {
		code := refused.Response.StatusCode
		text = strings.TrimSpace(fmt.Sprintf("it answers %d %s", code, http.StatusText(code)))
	}
	for _, part := range []string{refused.ErrorCode, refused.ErrorDescription} {
		// It may repeat the form or the header in which the secret was sent, too.
		if part = security.Conceal(strings.ReplaceAll(part, secret, "<secret>"), secret, query); part != "" {
			text += fmt.Sprintf(": %q", part[:min(len(part), maxDescription)])
		}
	}
	return errors.New(text)
}

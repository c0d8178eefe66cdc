package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/security"
)

// Login puts the credentials for one connection into conf.Net.SASL, before ctx
// ends. It reads files and asks for tokens anew, so that what was replaced is used
// from the next connection on. It may be called from several goroutines at once.
type Login = func(ctx context.Context, conf *sarama.Config) error

// NewLogin returns the login that c describes, or nil where it names no mechanism.
// Neither the login nor its errors keep or tell a secret.
func NewLogin(c config.SASL) (Login, error) {
	var prepare Login
	switch c.Mechanism {
	case "":
		return nil, nil
	case config.Plain:
		prepare = passwordLogin(c, sarama.SASLTypePlaintext, nil)
	case config.ScramSHA256:
		prepare = passwordLogin(c, sarama.SASLTypeSCRAMSHA256, newScramSHA256)
	case config.ScramSHA512:
		prepare = passwordLogin(c, sarama.SASLTypeSCRAMSHA512, newScramSHA512)
	case config.GSSAPI:
		prepare = kerberosLogin(c)
	case config.OAuthBearer:
		prepare = tokenLogin(newTokenCache(oauthTokens(c.OAuth)), c.OAuth.Extensions)
	case config.AWSMSKIAM:
		prepare = tokenLogin(newTokenCache(awsTokens(c.AWS)), nil)
	default:
		return nil, fmt.Errorf("SASL mechanism %q is not supported", c.Mechanism)
	}
	return func(ctx context.Context, conf *sarama.Config) error {
		if err := prepare(ctx, conf); err != nil {
			return &credentialsError{mechanism: c.Mechanism, err: err}
		}
		conf.Net.SASL.Enable = true
		return nil
	}, nil
}

// credentialsError says that what a login needs could not be had.
type credentialsError struct {
	mechanism config.Mechanism
	err       error
}

func (e *credentialsError) Error() string {
	return fmt.Sprintf("credentials for %s: %v", e.mechanism, e.err)
}

// Unwrap shows no more of the cause than that the caller gave up, or that time ran
// out. A token endpoint that refuses connections, or is not trusted, must not be
// taken for a broker that does.
func (e *credentialsError) Unwrap() error {
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(e.err, end) {
			return end
		}
	}
	return nil
}

// passwordLogin is a login by user and password. PLAIN needs no scram.
func passwordLogin(c config.SASL, mechanism sarama.SASLMechanism, scram func() sarama.SCRAMClient) Login {
	return func(_ context.Context, conf *sarama.Config) error {
		password, err := security.ReadSecret(c.Password, c.PasswordFile)
		if err != nil {
			return err
		}
		sasl := &conf.Net.SASL
		sasl.Mechanism, sasl.User, sasl.Password = mechanism, c.Username, password
		sasl.SCRAMClientGeneratorFunc = scram
		return nil
	}
}

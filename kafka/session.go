package kafka

import (
	"context"
	"errors"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/security"
)

// Kafka's names of the requests of a login.
const (
	saslHandshake    = "SaslHandshake"
	saslAuthenticate = "SaslAuthenticate"
)

// logIn gives the connection to sarama, which logs in if that is configured.
func (l *link) logIn(ctx context.Context, handshake int16) error {
	conf := saramaConfig(l.to.clientID, handOver{l.socket})
	if l.to.login != nil {
		switch err := l.to.login(ctx, conf); {
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			return &loginError{err: err}
		}
		l.chooseLogin(conf, handshake)
		l.conf = conf
	}
	l.socket.opaque.Store(l.to.login != nil && conf.Net.SASL.Version == sarama.SASLHandshakeV0)
	defer l.socket.opaque.Store(false)
	l.socket.small.Store(true)
	defer l.socket.small.Store(false)
	before := l.sent()
	l.broker = sarama.NewBroker(l.to.addr)
	if err := l.broker.Open(conf); err != nil {
		return &loginError{err: err} // about the configuration
	}
	// Open goes on in the background. Connected waits for it, and is the only one
	// to tell why it failed.
	connected, err := l.broker.Connected()
	if err == nil && !connected {
		err = sarama.ErrNotConnected
	}
	if l.to.login != nil {
		err = loginFailure(ctx, discreet(err, conf))
		l.countLogin(conf, int(l.sent()-before), err)
	}
	if l.known == nil {
		conf.Version = sarama.MaxVersion // what is sent from here on is bounded by what will be learned
	}
	return err
}

// chooseLogin sets the form of the login: that of Kafka 1.0, or what the broker knows
// if it said so. Sarama takes the form of SaslAuthenticate from the release, also when
// it renews a login later.
func (l *link) chooseLogin(conf *sarama.Config, handshake int16) {
	newer := l.known.knows(kmsg.SASLHandshake, 1) && l.known.knows(kmsg.SASLAuthenticate, 0)
	if l.known != nil && !newer {
		handshake = sarama.SASLHandshakeV0
	}
	conf.Net.SASL.Version = handshake
	switch {
	case l.known.knows(kmsg.SASLAuthenticate, 2):
		conf.Version = sarama.MaxVersion
	case l.known.knows(kmsg.SASLAuthenticate, 1): // Kafka 2.2 to 2.4
		conf.Version = sarama.V2_4_0_0
	default:
		conf.Version = sarama.V2_1_0_0
	}
}

// countLogin counts the requests of a login. In its old form all but the first are
// none of Kafka's.
func (l *link) countLogin(conf *sarama.Config, sent int, err error) {
	if conf.Net.SASL.Version == sarama.SASLHandshakeV0 {
		sent = min(sent, 1)
	}
	for i := range sent {
		api, outcome := saslAuthenticate, error(nil)
		if i == 0 && conf.Net.SASL.Handshake {
			api = saslHandshake
		}
		if i == sent-1 {
			outcome = err
		}
		l.to.observe(api, outcome)
	}
}

// loginError says that a broker did not let us in.
type loginError struct{ err error }

func (e *loginError) Error() string { return "the login failed: " + e.err.Error() }
func (e *loginError) Unwrap() error { return e.err }

// discreetError is an error in whose text no secret is told.
type discreetError struct {
	text string
	err  error
}

func (e *discreetError) Error() string { return e.text }
func (e *discreetError) Unwrap() error { return e.err }

// discreet conceals the secret of a login where the other side repeats it: sarama renews
// logins in the middle of a connection (see renew).
func (l *link) discreet(err error) error {
	var code sarama.KError
	if l.conf == nil || errors.As(err, &code) && err.Error() == code.Error() {
		return err // a mere code repeats nothing, even where the password is a word of its text
	}
	return discreet(err, l.conf)
}

// secretsOf returns what a connection logs in with, and must not be told.
func secretsOf(conf *sarama.Config) []string {
	if conf == nil {
		return nil
	}
	secrets := []string{conf.Net.SASL.Password}
	if p, ok := conf.Net.SASL.TokenProvider.(*tokenProvider); ok {
		secrets = append(secrets, p.lately()...)
	}
	return secrets
}

// discreet conceals the secret of a login where the other side repeats it.
func discreet(err error, conf *sarama.Config) error {
	if err == nil {
		return nil
	}
	secrets := secretsOf(conf)
	if text := err.Error(); security.Conceal(text, secrets...) != text {
		return &discreetError{text: "refused " + security.Conceal(text, secrets...), err: err}
	}
	return err
}

// loginFailure tells a login that was refused from one that was not heard. Before
// Kafka 1.0, brokers refuse by hanging up.
func loginFailure(ctx context.Context, err error) error {
	var timeout interface{ Timeout() bool }
	var frame *frameError
	var decoding sarama.PacketDecodingError
	switch {
	case err == nil, ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout(),
		errors.As(err, &frame), errors.As(err, &decoding):
		return err
	default:
		return &loginError{err: err}
	}
}

// isLoginFailure says whether an error is that of a login, or of its renewal by
// sarama in the middle of a connection.
func isLoginFailure(err error) bool {
	var login *loginError
	return errors.As(err, &login) ||
		isCode(err, sarama.ErrSASLAuthenticationFailed, sarama.ErrUnsupportedSASLMechanism, sarama.ErrIllegalSASLState)
}

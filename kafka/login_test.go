package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"

	"github.com/evenkeel/evenkeel/config"
)

// plainSession knows one user.
type plainSession struct{ user, password string }

func (s plainSession) step(said []byte) ([]byte, bool, error) {
	if want := "\x00" + s.user + "\x00" + s.password; string(said) != want {
		return nil, true, errors.New("wrong user or password")
	}
	return nil, true, nil
}

func TestPasswordLogins(t *testing.T) {
	for _, tc := range []struct {
		mechanism config.Mechanism
		begin     func() saslSession
	}{
		{config.Plain, func() saslSession { return plainSession{"evenkeel", "hunter2"} }},
		{config.ScramSHA256, scramServer(t, scram.SHA256, "evenkeel", "hunter2")},
		{config.ScramSHA512, scramServer(t, scram.SHA512, "evenkeel", "hunter2")},
	} {
		for handshake, form := range map[int16]string{sarama.SASLHandshakeV0: "old form", sarama.SASLHandshakeV1: "new form"} {
			t.Run(string(tc.mechanism)+" "+form, func(t *testing.T) {
				broker := newSASLFake(t, string(tc.mechanism), tc.begin)
				c := config.SASL{Mechanism: tc.mechanism, Username: "evenkeel", Password: config.NewSecret("hunter2")}
				if _, err := logInTo(t, newLogin(t, c), broker.addr, handshake); err != nil || broker.succeeded() != 1 {
					t.Errorf("the right password: %v; %d logins", err, broker.succeeded())
				}
				for name, change := range map[string]func(*config.SASL){
					"password": func(c *config.SASL) { c.Password = config.NewSecret("hunter3") },
					"user":     func(c *config.SASL) { c.Username = "somebody" },
				} {
					wrong := c
					change(&wrong)
					_, err := logInTo(t, newLogin(t, wrong), broker.addr, handshake)
					if err == nil || broker.succeeded() != 1 {
						t.Errorf("a wrong %s is no obstacle", name)
					}
					if handshake == sarama.SASLHandshakeV1 && !errors.Is(err, sarama.ErrSASLAuthenticationFailed) {
						t.Errorf("a wrong %s: %v", name, err)
					}
				}
			})
		}
	}
}

// A password that was replaced is used from the next connection on.
func TestPasswordFileIsReadAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	login := newLogin(t, config.SASL{Mechanism: config.Plain, Username: "evenkeel", PasswordFile: file})
	for _, password := range []string{"before", "after"} {
		broker := newSASLFake(t, "PLAIN", func() saslSession { return plainSession{"evenkeel", password} })
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := logInTo(t, login, broker.addr, sarama.SASLHandshakeV1); err != nil {
			t.Errorf("%s: %v", password, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	err := login(t.Context(), sarama.NewConfig())
	var credentials *credentialsError
	if want := "credentials for PLAIN: secret: open " + file + ": no such file or directory"; !errors.As(err, &credentials) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestNoLogin(t *testing.T) {
	if login, err := NewLogin(config.SASL{}); login != nil || err != nil {
		t.Errorf("no mechanism: %v", err)
	}
	if login, err := NewLogin(config.SASL{Mechanism: "EXTERNAL"}); login != nil || err == nil || !strings.Contains(err.Error(), "EXTERNAL") {
		t.Errorf("an unknown mechanism: %v", err)
	}
}

// Of what went wrong somewhere else only the end of our patience is passed on.
func TestCredentialsErrorHidesItsCause(t *testing.T) {
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if err := (&credentialsError{err: fmt.Errorf("token: %w", end)}); !errors.Is(err, end) {
			t.Errorf("%v is hidden", end)
		}
	}
	if err := (&credentialsError{err: fmt.Errorf("token: %w", os.ErrNotExist)}); errors.Is(err, os.ErrNotExist) {
		t.Error("another cause is shown")
	}
}

// The answer to PLAIN in its old form is empty, which no other answer may be.
func TestPlainInItsOldFormThroughTheClient(t *testing.T) {
	broker := newSASLFake(t, "PLAIN", func() saslSession { return plainSession{"evenkeel", "hunter2"} })
	c := NewClient(Options{
		Version: "0.9.0.1", // which takes the old form
		Login:   newLogin(t, config.SASL{Mechanism: config.Plain, Username: "evenkeel", Password: config.NewSecret("hunter2")}),
	})
	t.Cleanup(c.Close)
	groups, err := c.ListGroups(within(t), Node{ID: 0, Addr: broker.addr})
	if err != nil || len(groups) != 0 || broker.succeeded() != 1 {
		t.Errorf("groups %v, error %v, %d logins", groups, err, broker.succeeded())
	}
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"
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

// scramSession is the library's own server. That both sides are of one library is
// made up for by RFC 7677's example below.
type scramSession struct{ talk *scram.ServerConversation }

func (s scramSession) step(said []byte) ([]byte, bool, error) {
	reply, err := s.talk.Step(string(said))
	return []byte(reply), s.talk.Done(), err
}

func scramServer(t *testing.T, hash scram.HashGeneratorFcn, user, password string) func() saslSession {
	t.Helper()
	client, err := hash.NewClient(user, password, "")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: 4096})
	if err != nil {
		t.Fatal(err)
	}
	server, err := hash.NewServer(func(name string) (scram.StoredCredentials, error) {
		if name != user {
			return scram.StoredCredentials{}, errors.New("no such user")
		}
		return stored, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() saslSession { return scramSession{server.NewConversation()} }
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

// A broker that takes any password, and knows none, is not the one that was meant.
func TestScramProvesTheBroker(t *testing.T) {
	c := config.SASL{Mechanism: config.ScramSHA256, Username: "evenkeel", Password: config.NewSecret("hunter2")}
	broker := newSASLFake(t, "SCRAM-SHA-256", func() saslSession { return &impostor{} })
	if _, err := logInTo(t, newLogin(t, c), broker.addr, sarama.SASLHandshakeV1); err == nil || !strings.Contains(err.Error(), "server") {
		t.Errorf("an impostor is believed: %v", err)
	}
}

type impostor struct{ steps int }

func (s *impostor) step(said []byte) ([]byte, bool, error) {
	if s.steps++; s.steps == 1 {
		_, nonce, _ := strings.Cut(string(said), "r=")
		return []byte("r=" + nonce + "more,s=c2FsdA==,i=4096"), false, nil
	}
	return []byte("v=AAAA"), true, nil
}

// The example of RFC 7677, section 3.
func TestScramAsInTheRFC(t *testing.T) {
	client, err := scram.SHA256.NewClient("user", "pencil", "")
	if err != nil {
		t.Fatal(err)
	}
	s := &scramClient{hash: scram.SHA256, talk: client.WithNonceGenerator(func() string { return "rOprNGfwEbeRWgbNEkqO" }).NewConversation()}
	for _, step := range [][2]string{
		{"", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"},
		{
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		},
		{"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ""},
	} {
		if got, err := s.Step(step[0]); err != nil || got != step[1] {
			t.Errorf("to %q we say %q (%v), want %q", step[0], got, err, step[1])
		}
	}
	if !s.Done() {
		t.Error("there is nothing more to say, and it is not done")
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

// Sarama keeps no order between its options, so all that must be set is looked at
// by its own check.
func TestKerberosLogin(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	krb5 := write("krb5.conf", []byte("[libdefaults]\n default_realm = EXAMPLE.ORG\n[realms]\n EXAMPLE.ORG = {\n  kdc = 127.0.0.1:1\n }\n"))
	keys := keytab.New()
	if err := keys.AddEntry("evenkeel", "EXAMPLE.ORG", "hunter2", time.Now(), 1, etypeID.AES256_CTS_HMAC_SHA1_96); err != nil {
		t.Fatal(err)
	}
	marshalled, err := keys.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	keyFile := write("keytab", marshalled)
	rubbish := write("rubbish", []byte("[libdefaults]\n ticket_lifetime = soon\n"))
	sasl := config.SASL{
		Mechanism: config.GSSAPI, Username: "evenkeel",
		Kerberos: config.Kerberos{ServiceName: "kafka", Realm: "EXAMPLE.ORG", ConfigFile: krb5, DisableFAST: true},
	}
	want := sarama.GSSAPIConfig{
		KerberosConfigPath: krb5, ServiceName: "kafka", Username: "evenkeel", Realm: "EXAMPLE.ORG", DisablePAFXFAST: true,
	}

	withKeytab, wantKeytab := sasl, want
	withKeytab.Kerberos.KeytabFile = keyFile
	wantKeytab.AuthType, wantKeytab.KeyTabPath = sarama.KRB5_KEYTAB_AUTH, keyFile
	withPassword, wantPassword := sasl, want
	withPassword.Password = config.NewSecret("hunter2")
	wantPassword.AuthType, wantPassword.Password = sarama.KRB5_USER_AUTH, "hunter2"
	for _, tc := range []struct {
		c    config.SASL
		want sarama.GSSAPIConfig
	}{{withKeytab, wantKeytab}, {withPassword, wantPassword}} {
		conf := sarama.NewConfig()
		if err := newLogin(t, tc.c)(t.Context(), conf); err != nil {
			t.Fatal(err)
		}
		got := conf.Net.SASL.GSSAPI
		if fmt.Sprint(got) != fmt.Sprint(tc.want) || conf.Net.SASL.Mechanism != sarama.SASLTypeGSSAPI || conf.Validate() != nil {
			t.Errorf("got %+v for %s (%v)\nwant %+v", got, conf.Net.SASL.Mechanism, conf.Validate(), tc.want)
		}
	}

	for name, change := range map[string]func(*config.SASL){
		"config_file " + rubbish: func(c *config.SASL) { c.Kerberos.ConfigFile = rubbish },
		"keytab_file " + rubbish: func(c *config.SASL) { c.Kerberos.KeytabFile = rubbish },
		"secret: open nothing":   func(c *config.SASL) { c.Kerberos.KeytabFile, c.PasswordFile = "", "nothing" },
	} {
		wrong := withKeytab
		change(&wrong)
		err := newLogin(t, wrong)(t.Context(), sarama.NewConfig())
		if err == nil || !strings.HasPrefix(err.Error(), "credentials for GSSAPI: "+name) {
			t.Errorf("got %v, want %s", err, name)
		}
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

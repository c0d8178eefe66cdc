package kafka

import (
	"errors"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"

	"github.com/evenkeel/evenkeel/config"
)

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

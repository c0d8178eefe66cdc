package kafka

import (
	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
)

// scramClient is the client's side of one SCRAM login (RFC 5802), which sarama
// leaves to others.
type scramClient struct {
	hash scram.HashGeneratorFcn
	talk *scram.ClientConversation
}

func newScramSHA256() sarama.SCRAMClient { return &scramClient{hash: scram.SHA256} }
func newScramSHA512() sarama.SCRAMClient { return &scramClient{hash: scram.SHA512} }

// Begin starts the login.
func (s *scramClient) Begin(user, password, authzID string) error {
	client, err := s.hash.NewClient(user, password, authzID)
	if err != nil {
		return err
	}
	s.talk = client.NewConversation()
	return nil
}

// Step answers what the broker said. It fails where the broker refuses us, and
// where it does not prove that it knows the password, too.
func (s *scramClient) Step(challenge string) (string, error) { return s.talk.Step(challenge) }

// Done says whether there is nothing more to answer.
func (s *scramClient) Done() bool { return s.talk.Done() }

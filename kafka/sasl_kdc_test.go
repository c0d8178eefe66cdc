//go:build cluster

package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/jcmturner/gokrb5/v8/gssapi"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/testbed"
)

// gssSession is the acceptor's side of RFC 4752, without a layer of security.
type gssSession struct {
	keys *keytab.Keytab
	key  types.EncryptionKey // of the session; its KeyType is 0 before the first step
}

var noLayer = []byte{1, 0, 0, 0}

func (s *gssSession) step(said []byte) ([]byte, bool, error) {
	if s.key.KeyType == 0 {
		// The GSS-API header ends with the kind of the token, which is AP-REQ.
		_, inner, ok := bytes.Cut(said, []byte{1, 0})
		if !ok {
			return nil, true, errors.New("no ticket")
		}
		var request messages.APReq
		if err := request.Unmarshal(inner); err != nil {
			return nil, true, err
		}
		if ok, err := request.Verify(s.keys, time.Minute, types.HostAddress{}, nil); !ok {
			return nil, true, fmt.Errorf("ticket refused: %w", err)
		}
		s.key = request.Ticket.DecryptedEncPart.Key
		offer, err := gssapi.NewInitiatorWrapToken(noLayer, s.key)
		if err != nil {
			return nil, true, err
		}
		offer.Flags, offer.CheckSum = 1, nil // sent by the acceptor
		if err := offer.SetCheckSum(s.key, keyusage.GSSAPI_ACCEPTOR_SEAL); err != nil {
			return nil, true, err
		}
		out, err := offer.Marshal()
		return out, false, err
	}
	var choice gssapi.WrapToken
	if err := choice.Unmarshal(said, false); err != nil {
		return nil, true, err
	}
	if ok, err := choice.Verify(s.key, keyusage.GSSAPI_INITIATOR_SEAL); !ok {
		return nil, true, fmt.Errorf("choice refused: %w", err)
	}
	if len(choice.Payload) == 0 || choice.Payload[0] != noLayer[0] {
		return nil, true, errors.New("a layer was chosen that was not offered")
	}
	return nil, true, nil
}

// The KDC is a real one, of MIT Kerberos; the broker is not.
func TestKerberosWithRealKDC(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	kdc, err := testbed.StartKDC(ctx, filepath.Join(t.TempDir(), "kdc"))
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kdc.Stop(); err != nil {
			t.Error(err)
		}
	})
	for name, password := range map[string]string{"evenkeel": "hunter2", "kafka/127.0.0.1": ""} {
		if err := kdc.AddPrincipal(ctx, name, password); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := keytab.Load(keytabOf(t, kdc, "kafka/127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	broker := newSASLFake(t, "GSSAPI", func() saslSession { return &gssSession{keys: keys} })
	base := config.SASL{
		Mechanism: config.GSSAPI, Username: "evenkeel",
		Kerberos: config.Kerberos{ServiceName: "kafka", Realm: kdc.Realm(), ConfigFile: kdc.ConfigFile()},
	}
	withKeytab := base
	withKeytab.Kerberos.KeytabFile = keytabOf(t, kdc, "evenkeel")
	withPassword := base
	withPassword.Password = config.NewSecret("hunter2")
	for name, c := range map[string]config.SASL{"keytab": withKeytab, "password": withPassword} {
		before := broker.succeeded()
		if _, err := logInTo(t, newLogin(t, c), broker.addr, sarama.SASLHandshakeV1); err != nil || broker.succeeded() != before+1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, change := range map[string]func(*config.SASL){
		"password/keytab incorrect":   func(c *config.SASL) { c.Password = config.NewSecret("hunter3") },
		"KDC_ERR_C_PRINCIPAL_UNKNOWN": func(c *config.SASL) { c.Username = "somebody" },
		"KDC_ERR_S_PRINCIPAL_UNKNOWN": func(c *config.SASL) { c.Kerberos.ServiceName = "http" },
	} {
		c := withPassword
		change(&c)
		before := broker.succeeded()
		_, err := logInTo(t, newLogin(t, c), broker.addr, sarama.SASLHandshakeV1)
		if err == nil || broker.succeeded() != before || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func keytabOf(t *testing.T, kdc *testbed.KDC, principal string) string {
	t.Helper()
	file, err := kdc.Keytab(t.Context(), principal)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

package kafka

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/IBM/sarama"
)

// TestRefusalsDoNotRepeatSecrets holds what is told of a broker's own words.
func TestRefusalsDoNotRepeatSecrets(t *testing.T) {
	conf := sarama.NewConfig()
	conf.Net.SASL.Password = "hunter2"
	refused := func(words string) error {
		return discreet(fmt.Errorf("%w: %s", sarama.ErrSASLAuthenticationFailed, words), conf)
	}
	err := refused("who is me:hunter2?")
	if strings.Contains(err.Error(), "hunter") || !isCode(err, sarama.ErrSASLAuthenticationFailed) {
		t.Errorf("%v", err)
	}
	if err := refused("Invalid username or password"); !strings.Contains(err.Error(), "Invalid username or password") {
		t.Errorf("%v", err)
	}
	provider := &tokenProvider{first: "a.b.c"}
	conf.Net.SASL.TokenProvider = provider
	if _, err := provider.Token(); err != nil {
		t.Fatal(err)
	}
	if err := refused("Bearer a.b.c is wrong"); strings.Contains(err.Error(), "a.b.c") {
		t.Errorf("%v", err)
	}
	if err := discreet(nil, conf); err != nil {
		t.Errorf("%v", err)
	}
}

// TestBrokenKeytabIsNotRepeated: its bytes are keys.
func TestBrokenKeytabIsNotRepeated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keytab")
	if err := os.WriteFile(path, []byte("\x05\x02hunter2-hunter2-hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkKeytab(path); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("%v", err)
	}
	if err := checkKeytab(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestElectFlags(t *testing.T) {
	o, err := (&electFlags{cluster: "c", topic: "^a", broker: "3", max: 7, override: []string{"unsettled,broker_left", "slow"}, yes: true}).options()
	if err != nil || o.Cluster != "c" || !o.Topic.MatchString("abc") || *o.Broker != 3 || o.Max != 7 || len(o.Override) != 3 || !o.Override["slow"] || !o.Yes || o.DryRun {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err = (&electFlags{}).options(); err != nil || o.Topic != nil || o.Broker != nil || len(o.Override) != 0 {
		t.Errorf("no flags: %+v, %v", o, err)
	}
	for says, bad := range map[string]electFlags{
		"--topic: ":    {topic: "("},
		"--broker: ":   {broker: "-1"},
		"--max: ":      {max: -1},
		"--override: ": {override: []string{"not_in_isr"}}, // an unclean election is nobody's choice here
	} {
		if _, err := bad.options(); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%+v: %v, want %s", bad, err, says)
		}
	}
}

// Only a web configuration that lets nobody unknown in authenticates.
func TestAuthenticates(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]bool{
		"basic_auth_users: {me: $2y$10$abc}\n":                                true,
		"tls_server_config: {client_auth_type: RequireAndVerifyClientCert}\n": true,
		"tls_server_config: {client_auth_type: RequireAnyClientCert}\n":       false,
		"tls_server_config: {cert_file: a, key_file: b}\n":                    false,
		"basic_auth_users: {}\n":                                              false,
		"":                                                                    false,
	} {
		file := filepath.Join(dir, "web.yml")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := authenticates(file)(); got != want || err != nil {
			t.Errorf("%q: %v, %v; want %v", content, got, err, want)
		}
	}
	if yes, err := authenticates("")(); yes || err != nil {
		t.Errorf("without a file: %v, %v", yes, err)
	}
	if _, err := authenticates(filepath.Join(dir, "gone.yml"))(); err == nil {
		t.Error("a file that cannot be read says nothing")
	}
}

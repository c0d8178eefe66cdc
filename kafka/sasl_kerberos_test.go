package kafka

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/evenkeel/evenkeel/config"
)

// What has to be set together only sarama knows, so it is asked to check it.
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

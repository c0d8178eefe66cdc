package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/IBM/sarama"
	krb5config "github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/keytab"

	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/security"
)

// kerberosLogin leaves the talk with the KDC to sarama, which reads the files once
// more for each connection. They are read here first, because sarama's error would
// name neither the file nor its key.
func kerberosLogin(c config.SASL) Login {
	k := c.Kerberos
	return func(_ context.Context, conf *sarama.Config) error {
		if _, err := krb5config.Load(k.ConfigFile); err != nil {
			return fmt.Errorf("config_file %s: %w", k.ConfigFile, err)
		}
		gss := sarama.GSSAPIConfig{
			KerberosConfigPath: k.ConfigFile,
			ServiceName:        k.ServiceName,
			Username:           c.Username,
			Realm:              k.Realm,
			DisablePAFXFAST:    k.DisableFAST,
		}
		if k.KeytabFile != "" {
			if err := checkKeytab(k.KeytabFile); err != nil {
				return fmt.Errorf("keytab_file %s: %w", k.KeytabFile, err)
			}
			gss.AuthType, gss.KeyTabPath = sarama.KRB5_KEYTAB_AUTH, k.KeytabFile
		} else {
			password, err := security.ReadSecret(c.Password, c.PasswordFile)
			if err != nil {
				return err
			}
			gss.AuthType, gss.Password = sarama.KRB5_USER_AUTH, password
		}
		conf.Net.SASL.Mechanism, conf.Net.SASL.GSSAPI = sarama.SASLTypeGSSAPI, gss
		return nil
	}
}

// checkKeytab says why a keytab cannot be used. What the library says of the content
// is left out: it repeats the content, which is keys.
func checkKeytab(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if new(keytab.Keytab).Unmarshal(data) != nil {
		return errors.New("not a keytab, or cut short")
	}
	return nil
}

package testbed

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// storePassword protects nothing: a PKCS #12 file wants one.
const storePassword = "testbed"

// javaStores writes the server's key and the authority's certificate as PKCS #12
// files, for servers in Java that do not read PEM.
func (p *PKI) javaStores(ctx context.Context) error {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		return fmt.Errorf("testbed: %w: it is needed for TLS with Kafka before 2.7; on Debian and Ubuntu: apt-get install openssl", err)
	}
	keytool, err := findJava("keytool")
	if err != nil {
		return err
	}
	err = run(ctx, openssl, "pkcs12", "-export", "-in", p.ServerCertFile, "-inkey", p.ServerKeyFile,
		"-out", p.keyStore12(), "-passout", "pass:"+storePassword)
	if err != nil {
		return fmt.Errorf("testbed: key store: %w", err)
	}
	// Java trusts only what its own tool has marked.
	err = run(ctx, keytool, "-importcert", "-noprompt", "-alias", "ca", "-file", p.CAFile,
		"-keystore", p.trustStore12(), "-storetype", "PKCS12", "-storepass", storePassword)
	if err != nil {
		return fmt.Errorf("testbed: trust store: %w", err)
	}
	return nil
}

func (p *PKI) keyStore12() string   { return filepath.Join(p.dir, "server.p12") }
func (p *PKI) trustStore12() string { return filepath.Join(p.dir, "ca.p12") }

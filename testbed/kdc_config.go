package testbed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// krb5Config is the krb5.conf of clients and servers. Over UDP a lost packet
// would cost seconds, and no name is to be asked of a DNS server.
const krb5Config = `[libdefaults]
	default_realm = REALM
	dns_lookup_kdc = false
	dns_lookup_realm = false
	dns_canonicalize_hostname = false
	rdns = false
	udp_preference_limit = 1

[realms]
	REALM = {
		kdc = ADDRESS
	}
`

// kdcConfig is the kdc.conf of the server itself.
const kdcConfig = `[kdcdefaults]
	kdc_listen = ""
	kdc_tcp_listen = ADDRESS

[realms]
	REALM = {
		database_name = DIR/principal
		key_stash_file = DIR/stash
		acl_file = DIR/kadm5.acl
		supported_enctypes = aes256-cts:normal aes128-cts:normal
	}

[logging]
	default = STDERR
	kdc = STDERR
	admin_server = STDERR
`

// configure writes the files of settings.
func (k *KDC) configure() error {
	fill := strings.NewReplacer("REALM", realm, "ADDRESS", k.addr, "DIR", k.dir)
	return errors.Join(
		os.WriteFile(k.ConfigFile(), []byte(fill.Replace(krb5Config)), 0o644),
		os.WriteFile(k.profile(), []byte(fill.Replace(kdcConfig)), 0o644),
	)
}

// profile returns the path of kdc.conf.
func (k *KDC) profile() string { return filepath.Join(k.dir, "kdc.conf") }

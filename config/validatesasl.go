package config

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// sasl refuses what the mechanism needs and has not, and what it has no use for.
func (d *decoder) sasl(path string, raw rawSASL) (SASL, error) {
	if err := d.idle(path, raw); err != nil {
		return SASL{}, err
	}
	var err error
	switch raw.Mechanism {
	case Plain, ScramSHA256, ScramSHA512:
		err = d.password(path, raw)
	case GSSAPI:
		err = d.kerberos(path, raw)
	case OAuthBearer:
		err = d.oauth(path+".oauth", raw.OAuth)
	case AWSMSKIAM:
		err = d.required(path+".aws", AWSMSKIAM, key{"region", raw.AWS.Region != ""})
	}
	return raw.validated(), err
}

// idle refuses the keys of other mechanisms.
func (d *decoder) idle(path string, raw rawSASL) error {
	withPassword := []Mechanism{Plain, ScramSHA256, ScramSHA512, GSSAPI}
	for _, k := range []struct {
		key
		of []Mechanism
	}{
		{key{"username", raw.Username != ""}, withPassword},
		{key{"password", raw.Password != Secret{}}, withPassword},
		{key{"password_file", raw.PasswordFile != ""}, withPassword},
		{key{"kerberos", raw.Kerberos != defaultKerberos}, []Mechanism{GSSAPI}},
		{key{"oauth", !reflect.DeepEqual(raw.OAuth, rawOAuth{})}, []Mechanism{OAuthBearer}},
		{key{"aws", raw.AWS != rawAWS{}}, []Mechanism{AWSMSKIAM}},
	} {
		if !k.given || slices.Contains(k.of, raw.Mechanism) {
			continue
		}
		now := "sasl.mechanism is " + string(raw.Mechanism)
		if raw.Mechanism == "" {
			now = "sasl.mechanism is not set"
		}
		return d.errorf(path+"."+k.name, "%s, so this would do nothing; it is for %s", now, joinMechanisms(k.of))
	}
	return nil
}

func joinMechanisms(list []Mechanism) string {
	var words []string
	for _, m := range list {
		words = append(words, string(m))
	}
	return strings.Join(words, ", ")
}

func (d *decoder) password(path string, raw rawSASL) error {
	if err := d.required(path, raw.Mechanism, key{"username", raw.Username != ""}); err != nil {
		return err
	}
	if err := d.oneOf(path, raw.Mechanism, raw.passwords()...); err != nil {
		return err
	}
	return d.readable(path, fileKey{"password_file", raw.PasswordFile})
}

func (r rawSASL) passwords() []key {
	return []key{{"password", r.Password != Secret{}}, {"password_file", r.PasswordFile != ""}}
}

func (d *decoder) kerberos(path string, raw rawSASL) error {
	k := raw.Kerberos
	if err := d.required(path, GSSAPI, key{"username", raw.Username != ""},
		key{"kerberos.realm", k.Realm != ""}, key{"kerberos.service_name", k.ServiceName != ""}, key{"kerberos.config_file", k.ConfigFile != ""}); err != nil {
		return err
	}
	if strings.Contains(raw.Username, "@") {
		return d.errorf(path+".username", "%q has a realm; write the principal without it, and the realm as kerberos.realm", raw.Username)
	}
	if err := d.oneOf(path, GSSAPI, append(raw.passwords(), key{"kerberos.keytab_file", k.KeytabFile != ""})...); err != nil {
		return err
	}
	if err := d.readable(path, fileKey{"password_file", raw.PasswordFile}); err != nil {
		return err
	}
	return d.readable(path+".kerberos", fileKey{"config_file", k.ConfigFile}, fileKey{"keytab_file", k.KeytabFile})
}

// extensionNames and extensionValues are what brokers take
// (OAuthBearerClientInitialResponse of Kafka, after RFC 7628, section 3.1).
var (
	extensionNames  = regexp.MustCompile(`^[A-Za-z]+$`)
	extensionValues = regexp.MustCompile(`^[\x21-\x7E \t\r\n]+$`)
)

func (d *decoder) oauth(path string, raw rawOAuth) error {
	if err := d.required(path, OAuthBearer, key{"token_url", raw.TokenURL != ""}, key{"client_id", raw.ClientID != ""}); err != nil {
		return err
	}
	if err := d.oneOf(path, OAuthBearer, key{"client_secret", raw.ClientSecret != Secret{}}, key{"client_secret_file", raw.ClientSecretFile != ""}); err != nil {
		return err
	}
	if raw.CAFile != "" && !strings.HasPrefix(string(raw.TokenURL), "https:") {
		return d.errorf(path+".ca_file", "token_url is not https, so this would do nothing; take it out")
	}
	for _, name := range slices.Sorted(maps.Keys(raw.Extensions)) {
		at := joinPath(path+".extensions", name)
		if !extensionNames.MatchString(name) || name == "auth" {
			return d.errorf(at, "not a name that brokers take; it must be of letters alone, and not auth")
		}
		if !extensionValues.MatchString(raw.Extensions[name]) {
			return d.errorf(at, "not a value that brokers take; it must be printable ASCII, and not empty")
		}
	}
	return d.readable(path, fileKey{"client_secret_file", raw.ClientSecretFile}, fileKey{"ca_file", raw.CAFile})
}

// required refuses keys that are not given. Their names may have dots.
func (d *decoder) required(path string, by Mechanism, keys ...key) error {
	for _, k := range keys {
		if !k.given {
			return d.errorf(path+"."+k.name, "required by %s", by)
		}
	}
	return nil
}

// oneOf refuses all but exactly one of several keys.
func (d *decoder) oneOf(path string, by Mechanism, keys ...key) error {
	var names []string
	var given []key
	for _, k := range keys {
		names = append(names, k.name)
		if k.given {
			given = append(given, k)
		}
	}
	switch len(given) {
	case 0:
		return d.errorf(path+"."+names[0], "required by %s: one of %s", by, strings.Join(names, ", "))
	case 1:
		return nil
	default:
		return d.errorf(path+"."+given[1].name, "%s is given as well; only one of %s can be used", given[0].name, strings.Join(names, ", "))
	}
}

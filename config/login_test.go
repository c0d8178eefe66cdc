package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestLogins(t *testing.T) {
	t.Setenv("EVENKEEL_TEST_SECRET", "hunter2")
	cfg := load(t, "logins")
	kerberos := Kerberos{ServiceName: "kafka", ConfigFile: "/etc/krb5.conf"}
	tls := TLS{
		Enabled: true, CAFile: "testdata/files/ca.pem", CertFile: "testdata/files/cert.pem", KeyFile: "testdata/files/key.pem",
		ServerName: "k1.example.org", InsecureSkipVerify: true,
	}
	for i, want := range []Kafka{
		{
			Version: "0.9.0.1", Flavour: FlavourKafka, MinInsyncReplicas: 2,
			SASL: SASL{Mechanism: Plain, Username: "me", Password: NewSecret("hunter2"), Kerberos: kerberos},
		},
		{
			Version: "4.10", Flavour: FlavourProtocol, TLS: tls,
			SASL: SASL{Mechanism: ScramSHA512, Username: "me", PasswordFile: "testdata/files/secret", Kerberos: kerberos},
		},
		{
			Version: VersionAuto, Flavour: FlavourAuto, TLS: TLS{Enabled: true, ServerName: "2001:db8::1"},
			SASL: SASL{Mechanism: GSSAPI, Username: "evenkeel/host.example.org", Kerberos: Kerberos{
				ServiceName: "brokers", Realm: "EXAMPLE.ORG", ConfigFile: "testdata/files/krb5.conf", KeytabFile: "testdata/files/keytab", DisableFAST: true,
			}},
		},
		{
			Version: VersionAuto, Flavour: FlavourAuto,
			SASL: SASL{Mechanism: OAuthBearer, Kerberos: kerberos, OAuth: OAuth{
				TokenURL: "https://login.example.org/token?tenant=a", ClientID: "evenkeel", ClientSecretFile: "testdata/files/secret",
				Scopes: []string{"kafka", "metrics"}, CAFile: "testdata/files/ca.pem", Extensions: map[string]string{"logicalCluster": "lkc-1"},
			}},
		},
		{
			Version: VersionAuto, Flavour: FlavourAuto,
			SASL: SASL{Mechanism: OAuthBearer, Kerberos: kerberos, OAuth: OAuth{
				TokenURL: "http://127.0.0.1:8080/token", ClientID: "evenkeel", ClientSecret: NewSecret("hunter2"),
			}},
		},
		{
			Version: VersionAuto, Flavour: FlavourAuto,
			SASL: SASL{Mechanism: AWSMSKIAM, Kerberos: kerberos, AWS: AWS{
				Region: "eu-central-1", RoleARN: "arn:aws:iam::123456789012:role/evenkeel", Profile: "kafka",
			}},
		},
	} {
		want.Brokers = []string{"k1:9092"}
		if c := cfg.Clusters[i]; c.ZooKeeper != nil || !reflect.DeepEqual(c.Kafka, want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", c.Name, c.Kafka, want)
		}
	}
	want := &ZooKeeper{
		Servers: []string{"zk1:2281"}, TLS: tls, AllMetrics: true,
		Auth: ZooKeeperAuth{Scheme: "digest", Username: "me", PasswordFile: "testdata/files/secret"},
	}
	if got := cfg.Clusters[6].ZooKeeper; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestVersions(t *testing.T) {
	for text, good := range map[string]bool{
		"auto": true, "0.8.2": true, "0.8.2.0": true, "0.9": true, "0.9.0.1": true, "0.10.2.2": true, "0.11": true,
		"1.0": true, "2.8.1": true, "3.9": true, "4.0.0": true, "4.10": true, "10.0": true,
		"0.8": false, "0.8.1.9": false, "0.7.10": false, "0": false, "00.9": false, "1": false, "01.0": false, "1.0.0.0": false,
		"0.9.0.1.2": false, "v3.9": false, "3.9-IV0": false, "3.": false, "3.x": false, "Auto": false, "3.9\n": false,
	} {
		var v kafkaVersion
		if err := v.set(text); (err == nil) != good || good && string(v) != text {
			t.Errorf("%q is taken as %q: %v", text, v, err)
		}
	}
}

func TestTokenURL(t *testing.T) {
	for text, good := range map[string]bool{
		"": true, "https://a/token": true, "https://a:8443/token?x=y": true, "http://localhost/t": true, "http://127.0.0.2:80/t": true, "http://[::1]:80/t": true,
		"http://a/token": false, "http://10.0.0.1/t": false, "http://localhost.example.org/t": false, "http://127.0.0.1.example.org/": false,
		"ftp://a/t": false, "https:///t": false, "https://a/t#x": false, "https://me@a/t": false, "https://me:hunter2@a /t": false,
	} {
		var u tokenURL
		err := u.set(text)
		if (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the message tells a secret: %v", err)
		}
	}
}

// What is not a file that can be read again and again, must neither be taken nor
// waited for.
func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	locked := filepath.Join(dir, "locked")
	if err := os.WriteFile(locked, nil, 0); err != nil {
		t.Fatal(err)
	}
	d := &decoder{file: "f.yml", lines: map[string]int{"": 1}}
	for file, want := range map[string]string{
		"":                            "",
		"testdata/files/ca.pem":       "",
		dir:                           "it is not a regular file",
		"/dev/null":                   "it is not a regular file",
		filepath.Join(locked, "file"): "not a directory",
		filepath.Join(dir, "nothing"): "no such file or directory",
		"a\x00b":                      "invalid argument",
		locked:                        "permission denied",
	} {
		if file == locked && os.Geteuid() == 0 {
			want = "" // root may read everything
		}
		err := d.readable("a", fileKey{"b", file})
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), "f.yml:1: a.b: ") || !strings.HasSuffix(err.Error(), " cannot be read: "+want)) {
			t.Errorf("%q: got %v, want %q", file, err, want)
		}
	}
}

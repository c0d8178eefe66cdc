//go:build cluster

package acceptance

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"html"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xdg-go/scram"
)

// secrets are texts that nothing may tell, by the place where they stand.
type secrets map[string]string

// make returns a new secret that is written in another way in a URL, and in YAML
// needs its quotes.
func (s secrets) make(place string) string {
	text := fmt.Sprintf("kY/%02d+&%%=~ #%s", len(s), strings.ToLower(rand.Text()[:12]))
	s[place] = text
	return text
}

// shapes are the ways in which a secret may be written.
func shapes(secret string) []string {
	all := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"),
		html.EscapeString(secret), strings.NewReplacer("&", `\u0026`, "<", `\u003c`, ">", `\u003e`).Replace(secret), // of the page, of JSON
		hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
	}
	for _, inner := range []string{secret, url.QueryEscape(secret)} {
		// Inside of a longer text it stands at one of three places of base64, and
		// shares the characters at its ends with its neighbours.
		for shift := range 3 {
			encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), inner...))
			whole := encoded[[]int{0, 2, 3}[shift] : (shift+len(inner))/3*4]
			all = append(all, whole, strings.NewReplacer("+", "-", "/", "_").Replace(whole))
		}
	}
	return all
}

// in says which secrets stand in a text, and in which shape.
func (s secrets) in(text string) (found []string) {
	for place, secret := range s {
		for _, shape := range shapes(secret) {
			if strings.Contains(text, shape) {
				found = append(found, fmt.Sprintf("that of %s, as %s", place, shape))
			}
		}
	}
	return found
}

// quoted writes a secret in YAML.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// secretFile writes a file that holds a secret.
func secretFile(t *testing.T, content string) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "file")
	must(t, err)
	_, err = f.WriteString(content)
	must(t, err)
	must(t, f.Close())
	return f.Name()
}

// keyPair writes a certificate of its own and the key, whose text is a secret.
func (s secrets) keyPair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "evenkeel"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	text, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	s["TLS key"] = string(text[len(text)/2:]) // all kinds of it begin alike
	pair := func(kind string, der []byte) string {
		return secretFile(t, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
	}
	return pair("CERTIFICATE", der), pair("PRIVATE KEY", text)
}

// stage is a configuration with a secret at every place that can hold one, for
// servers that refuse, take or garble them.
type stage struct {
	secrets
	config string
	env    []string
	// reached says what must have happened before it counts that nothing was told.
	reached map[string]func() bool
}

// cluster adds a cluster whose only broker is at address.
func (s *stage) cluster(name, address, sasl, more string) {
	s.config += fmt.Sprintf("  - name: %s\n    poll: {interval: 1s, timeout: 1s}\n    kafka:\n      brokers: [%q]\n", name, address)
	if sasl != "" {
		s.config += "      sasl: " + sasl + "\n"
	}
	s.config += more
}

// broker adds a cluster of a fake broker, and expects a login there.
func (s *stage) broker(t *testing.T, name string, begin func() func([]byte) ([]byte, bool, error), sasl string) {
	f := &fakeBroker{begin: begin}
	s.cluster(name, tcpServer(t, f.serve), sasl, "")
	s.reached[name] = func() bool { return f.logins.Load()+f.denied.Load() > 0 }
}

func setStage(t *testing.T) *stage {
	s := &stage{secrets: secrets{}, config: "clusters:\n", reached: map[string]func() bool{}}
	var password string
	inline := func(mechanism, place string) string {
		password = s.make(place)
		return fmt.Sprintf("{mechanism: %s, username: evenkeel, password: %s}", mechanism, quoted(password))
	}
	file := func(mechanism, place string) string {
		password = s.make(place)
		return fmt.Sprintf("{mechanism: %s, username: evenkeel, password_file: %q}", mechanism, secretFile(t, password+"\n"))
	}
	s.broker(t, "plain-refused", refuse, inline("PLAIN", "PLAIN refused"))
	s.broker(t, "plain-taken", believe, file("PLAIN", "PLAIN taken"))
	s.env = append(s.env, "EVENKEEL_TEST_PASSWORD="+s.make("environment"))
	s.broker(t, "plain-env", refuse, `{mechanism: PLAIN, username: evenkeel, password: "${EVENKEEL_TEST_PASSWORD}"}`)
	s.cluster("plain-garbled", tcpServer(t, echo), inline("PLAIN", "PLAIN garbled"), "")
	s.broker(t, "scram-refused", refuse, inline("SCRAM-SHA-256", "SCRAM refused"))
	sasl := file("SCRAM-SHA-512", "SCRAM taken")
	s.broker(t, "scram-taken", knowing(t, scram.SHA512, password), sasl)
	sasl = inline("SCRAM-SHA-256", "SCRAM that is wrong")
	s.broker(t, "scram-wrong", knowing(t, scram.SHA256, "another"), sasl)
	s.kerberos(t)
	s.tokens(t)
	s.zookeeper(t)
	s.config += fmt.Sprintf("state_file: %q\n", filepath.Join(t.TempDir(), "state.json"))
	return s
}

func (s *stage) kerberos(t *testing.T) {
	conf := secretFile(t, fmt.Sprintf("[libdefaults]\n default_realm = X.ORG\n dns_lookup_kdc = false\n udp_preference_limit = 1\n[realms]\n X.ORG = {\n  kdc = %s\n }\n", tcpServer(t, echo)))
	broker := &fakeBroker{begin: refuse}
	address := tcpServer(t, broker.serve)
	kerberos := fmt.Sprintf("kerberos: {realm: X.ORG, config_file: %q", conf)
	s.cluster("kerberos-password", address, fmt.Sprintf("{mechanism: GSSAPI, username: evenkeel, password: %s, %s}}", quoted(s.make("Kerberos password")), kerberos), "")
	s.cluster("kerberos-keytab", address, fmt.Sprintf("{mechanism: GSSAPI, username: evenkeel, %s, keytab_file: %q}}", kerberos, secretFile(t, "\x05\x02"+s.make("keytab"))), "")
}

func (s *stage) tokens(t *testing.T) {
	token := rand.Text() + "." + rand.Text() + "." + rand.Text()
	s.secrets["access token"] = token
	endpoint, issued := tokenServer(t, token)
	oauth := "{mechanism: OAUTHBEARER, oauth: {token_url: %q, client_id: evenkeel, %s}}"
	s.broker(t, "oauth-taken", believe, fmt.Sprintf(oauth, endpoint+"/token", "client_secret: "+quoted(s.make("client secret"))))
	s.broker(t, "oauth-refused", refuse, fmt.Sprintf(oauth, endpoint+"/token", fmt.Sprintf("client_secret_file: %q", secretFile(t, s.make("client secret's file")))))
	s.cluster("oauth-unknown", tcpServer(t, echo), fmt.Sprintf(oauth, endpoint+"/refuse", "client_secret: "+quoted(s.make("client secret that is refused"))), "")
	s.cluster("oauth-garbled", tcpServer(t, echo), fmt.Sprintf(oauth, "http://"+tcpServer(t, echo)+"/", "client_secret: "+quoted(s.make("client secret that is garbled"))), "")
	s.reached["tokens"] = func() bool { return issued.Load() > 1 }
	s.env = append(s.env, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_SECRET_ACCESS_KEY="+s.make("AWS secret key"), "AWS_SESSION_TOKEN="+s.make("AWS session token"))
	s.broker(t, "aws-refused", refuse, "{mechanism: AWS_MSK_IAM, aws: {region: eu-central-1}}")
	s.broker(t, "aws-taken", believe, "{mechanism: AWS_MSK_IAM, aws: {region: eu-central-1}}")
}

func (s *stage) zookeeper(t *testing.T) {
	auth := func(place string) string {
		return fmt.Sprintf("      auth: {username: evenkeel, password_file: %q}\n", secretFile(t, s.make(place)))
	}
	refusing := &fakeZooKeeper{}
	s.cluster("zk-refused", tcpServer(t, echo), "", fmt.Sprintf("    zookeeper:\n      servers: [%q]\n", tcpServer(t, refusing.serve))+auth("digest refused"))
	s.reached["zk-refused"] = func() bool { return refusing.denied.Load() > 0 }
	s.cluster("zk-garbled", tcpServer(t, echo), "", fmt.Sprintf("    zookeeper:\n      servers: [%q]\n", tcpServer(t, echo))+auth("digest garbled"))
	cert, key := s.keyPair(t)
	s.cluster("tls", tcpServer(t, echo), "", fmt.Sprintf("      tls: {enabled: true, ca_file: %q, cert_file: %q, key_file: %q}\n", cert, cert, key))
	s.cluster("tls-broken", tcpServer(t, echo), "", fmt.Sprintf("      tls: {enabled: true, cert_file: %q, key_file: %q}\n", key, key))
}

// TestSecretsAreNotTold starts evenkeel with a secret at every place that can hold
// one, lets servers refuse, take and repeat them, and looks for them in all that it
// says.
func TestSecretsAreNotTold(t *testing.T) {
	t.Parallel()
	s := setStage(t)
	file := filepath.Join(t.TempDir(), "evenkeel.yml")
	writeConfig(t, file, s.config)
	// The web server's own secrets: a user's password and its hash, as bcrypt makes it.
	const user, password, hash = "reader", "fakepassword", "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
	s.secrets["web password"], s.secrets["web hash"] = password, hash
	web := filepath.Join(t.TempDir(), "web.yml")
	writeConfig(t, web, fmt.Sprintf("basic_auth_users:\n  %s: %s\n", user, hash))

	p := s.start(t, url.UserPassword(user, password), "--config.file="+file, "--web.config.file="+web, "--web.enable-lifecycle", "--log.level=debug")
	for name, happened := range s.reached {
		p.await(name+" was tried", time.Minute, func() error {
			if !happened() {
				return fmt.Errorf("%s: no login", name)
			}
			return nil
		})
	}
	said := s.pages(t, p)
	writeConfig(t, file, strings.ReplaceAll(s.config, "password: '", "password: x'"))
	said["reload of another configuration"] = s.ask(t, p, http.MethodPost, "/-/reload")
	writeConfig(t, file, strings.ReplaceAll(s.config, ", password: ", ", password:"))
	said["reload of a broken configuration"] = s.ask(t, p, http.MethodPost, "/-/reload")
	writeConfig(t, file, s.config)
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.cmd.Process.Pid))
	must(t, err)
	said["arguments"] = string(arguments)
	p.stop()
	said["log"] = p.log.String()
	s.commands(t, file, said)
	for _, line := range strings.Split(s.config, "\n") {
		if path, ok := strings.CutPrefix(line, "state_file: "); ok {
			content, err := os.ReadFile(strings.Trim(path, `"`))
			must(t, err)
			said["state file"] = string(content)
		}
	}
	for place, text := range said {
		if text == "" {
			t.Errorf("%s: says nothing at all", place)
		}
		for _, found := range s.in(text) {
			t.Errorf("%s tells a secret: %s, in\n%s", place, found, lineWith(text, found))
		}
	}
}

// lineWith returns the line in which something was found.
func lineWith(text, found string) string {
	_, shape, _ := strings.Cut(found, ", as ")
	for line := range strings.Lines(text) {
		if strings.Contains(line, shape) {
			return line
		}
	}
	return text
}

// start runs evenkeel as start does, with an environment and behind a login.
func (s *stage) start(t *testing.T, user *url.Userinfo, flags ...string) *program {
	t.Helper()
	address := freeAddress(t)
	p := &program{t: t, log: &logBuffer{}, url: (&url.URL{Scheme: "http", User: user, Host: address}).String()}
	p.cmd = exec.Command(binary, append(flags, "--web.listen-address="+address)...)
	p.cmd.Env = append(os.Environ(), s.env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, p.cmd.Start())
	t.Cleanup(p.stop)
	p.await("it listens", 30*time.Second, func() error {
		_, err := p.get("/-/healthy")
		return err
	})
	return p
}

// pages asks for all that is served once every cluster was polled.
func (s *stage) pages(t *testing.T, p *program) map[string]string {
	t.Helper()
	p.await("all were polled", time.Minute, func() error {
		if ready := s.ask(t, p, http.MethodGet, "/-/ready"); strings.Contains(ready, "first poll") {
			return fmt.Errorf("%s", ready)
		}
		return nil
	})
	said := map[string]string{}
	paths := []string{"/", "/metrics", "/api/v1/clusters", "/-/ready", "/nowhere"}
	for line := range strings.Lines(s.config) {
		if name, ok := strings.CutPrefix(line, "  - name: "); ok {
			paths = append(paths, "/api/v1/clusters/"+strings.TrimSpace(name))
		}
	}
	for _, path := range paths {
		said[path] = s.ask(t, p, http.MethodGet, path)
	}
	return said
}

// ask returns an answer, whatever its status.
func (s *stage) ask(t *testing.T, p *program, method, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.url+path, nil)
	must(t, err)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	var text strings.Builder
	must(t, res.Write(&text)) // with the headers
	return text.String()
}

// commands notes what the other commands say of the configuration, and of what is
// nearly it.
func (s *stage) commands(t *testing.T, file string, said map[string]string) {
	t.Helper()
	say := func(what string, want int, args ...string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, binary, args...)
		cmd.Env = append(os.Environ(), s.env...)
		out, err := cmd.CombinedOutput()
		said[what] = string(out)
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("%s: status %d, want %d: %v: %s", what, code, want, err, out)
		}
	}
	say("config-check", 0, "config-check", file)
	for _, output := range []string{"json", "text"} {
		say("check --output="+output, 3, "check", "--config.file="+file, "--output="+output, "--log.level=debug")
	}
	broken := filepath.Join(t.TempDir(), "broken.yml")
	for what, edit := range map[string][2]string{
		"no blank":       {", password: '", ", password:'"},
		"no quotes":      {"password: '", "password: "},
		"a tag":          {"password: '", "password: !"},
		"a reference":    {"password: '", "password: *"},
		"a list":         {"password: '", "password: ['"},
		"an odd key":     {"password: '", "pass word: '"},
		"an odd secret":  {"client_secret: '", "client_secrets: '"},
		"a variable":     {"password: '", "password: '${"},
		"another's name": {"mechanism: PLAIN", "mechanism: SCRAM"},
		"no mechanism":   {"mechanism: SCRAM-SHA-256, ", ""},
	} {
		text := strings.ReplaceAll(s.config, edit[0], edit[1])
		if text == s.config {
			t.Errorf("%s: nothing to break", what)
		}
		writeConfig(t, broken, text)
		say("config-check with "+what, 2, "config-check", broken)
	}
}

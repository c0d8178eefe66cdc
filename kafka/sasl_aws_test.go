package kafka

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/config"
)

// awsSession stands in for Amazon MSK, which cannot be had here. It checks all of
// a token but the signature, for which it would need the key.
type awsSession struct{ keyID, region string }

func (s awsSession) step(said []byte) ([]byte, bool, error) {
	if string(said) == `\x01` {
		return nil, true, errors.New("wrong token")
	}
	if err := s.check(string(said)); err != nil {
		return []byte(err.Error()), false, nil
	}
	return nil, true, nil
}

func (s awsSession) check(said string) error {
	text, ok := strings.CutPrefix(said, "n,,\x01auth=Bearer ")
	text, end := strings.CutSuffix(text, "\x01\x01")
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !ok || !end {
		return fmt.Errorf("no bearer token in base64url: %w", err)
	}
	u, err := url.Parse(string(decoded))
	if err != nil {
		return err
	}
	if u.Scheme != "https" || u.Host != "kafka."+s.region+".amazonaws.com" || u.Path != "/" {
		return fmt.Errorf("not the URL of the region: %s", u.Host)
	}
	query := u.Query()
	for name, pattern := range map[string]string{
		"Action":              `^kafka-cluster:Connect$`,
		"X-Amz-Algorithm":     `^AWS4-HMAC-SHA256$`,
		"X-Amz-Credential":    `^` + s.keyID + `/\d{8}/` + s.region + `/kafka-cluster/aws4_request$`,
		"X-Amz-Date":          `^\d{8}T\d{6}Z$`,
		"X-Amz-Expires":       `^900$`,
		"X-Amz-SignedHeaders": `^host$`,
		"X-Amz-Signature":     `^[0-9a-f]{64}$`,
		"User-Agent":          `.`,
	} {
		if values := query[name]; len(values) != 1 || !regexp.MustCompile(pattern).MatchString(values[0]) {
			return fmt.Errorf("%s is %q", name, values)
		}
	}
	signed, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	if err != nil || time.Since(signed).Abs() > time.Minute {
		return fmt.Errorf("signed at %v: %w", signed, err)
	}
	return nil
}

// isolateAWS keeps whatever this machine knows of AWS out of a test.
func isolateAWS(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	return dir
}

func awsSASL(a config.AWS) config.SASL { return config.SASL{Mechanism: config.AWSMSKIAM, AWS: a} }

func awsBroker(t *testing.T, keyID string) *saslFake {
	return newSASLFake(t, "OAUTHBEARER", func() saslSession { return awsSession{keyID, "eu-central-1"} })
}

func TestAWSLogin(t *testing.T) {
	isolateAWS(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	broker := awsBroker(t, "AKIAENVIRONMENT")
	login := newLogin(t, awsSASL(config.AWS{Region: "eu-central-1"}))
	for range 2 {
		if _, err := logInTo(t, login, broker.addr, sarama.SASLHandshakeV1); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := newLogin(t, awsSASL(config.AWS{Region: "us-east-1"}))
	if _, err := logInTo(t, elsewhere, broker.addr, sarama.SASLHandshakeV1); !errors.Is(err, sarama.ErrSASLAuthenticationFailed) {
		t.Errorf("with the token of another region: %v", err)
	}
	if broker.succeeded() != 2 {
		t.Errorf("%d logins", broker.succeeded())
	}
}

func TestAWSTokenIsValidForAQuarter(t *testing.T) {
	isolateAWS(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	got, err := awsTokens(config.AWS{Region: "eu-central-1"})(t.Context())
	if left := time.Until(got.expires); err != nil || left < 14*time.Minute || left > 16*time.Minute {
		t.Errorf("valid for %v: %v", left, err)
	}
}

func TestAWSProfile(t *testing.T) {
	dir := isolateAWS(t)
	text := "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = hunter2\n" +
		"[kafka]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = hunter2\n"
	if err := os.WriteFile(filepath.Join(dir, "credentials"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for profile, keyID := range map[string]string{"": "AKIADEFAULT", "kafka": "AKIAPROFILE"} {
		login := newLogin(t, awsSASL(config.AWS{Region: "eu-central-1", Profile: profile}))
		if _, err := logInTo(t, login, awsBroker(t, keyID).addr, sarama.SASLHandshakeV1); err != nil {
			t.Errorf("profile %q: %v", profile, err)
		}
	}
	err := newLogin(t, awsSASL(config.AWS{Region: "eu-central-1", Profile: "none"}))(t.Context(), sarama.NewConfig())
	if err == nil || !strings.HasPrefix(err.Error(), "credentials for AWS_MSK_IAM: AWS credentials: ") {
		t.Errorf("a profile that does not exist: %v", err)
	}
}

// The Security Token Service, too, is a stand-in: it gives out the keys of the role.
func TestAWSRole(t *testing.T) {
	isolateAWS(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	asked := make(chan url.Values, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		asked <- r.PostForm
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
			`<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>hunter3</SecretAccessKey><SessionToken>session</SessionToken><Expiration>%s</Expiration>`+
			`</Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
	const role = "arn:aws:iam::123456789012:role/evenkeel"
	login := newLogin(t, awsSASL(config.AWS{Region: "eu-central-1", RoleARN: role}))
	if _, err := logInTo(t, login, awsBroker(t, "ASIAROLE").addr, sarama.SASLHandshakeV1); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got.Get("Action") != "AssumeRole" || got.Get("RoleArn") != role || got.Get("RoleSessionName") != "evenkeel" {
		t.Errorf("asked for %v", got)
	}
}

func TestAWSWithoutCredentials(t *testing.T) {
	isolateAWS(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := newLogin(t, awsSASL(config.AWS{Region: "eu-central-1"}))(ctx, sarama.NewConfig())
	var credentials *credentialsError
	if !errors.As(err, &credentials) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

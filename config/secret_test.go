package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestSecretDoesNotPrint(t *testing.T) {
	const text = "hunter2"
	secret := NewSecret(text)
	auth := BasicAuth{Username: "me", Password: secret}
	sasl := SASL{Mechanism: OAuthBearer, Password: secret, OAuth: OAuth{ClientSecret: secret}}
	inside := struct{ unexported SASL }{sasl}

	printed := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		for name, value := range map[string]any{"secret": secret, "pointer": &secret, "auth": auth, "SASL": sasl, "unexported": inside, "list": []Secret{secret}} {
			printed[name+" "+verb] = fmt.Sprintf(verb, value)
		}
	}
	asJSON, err := json.Marshal(auth)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(auth)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "secret", secret, "auth", auth)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "secret", secret, "auth", auth)
	printed["JSON"], printed["YAML"], printed["log"] = string(asJSON), string(asYAML), log.String()

	for how, got := range printed {
		if strings.Contains(got, text) || strings.Contains(strings.ToLower(got), fmt.Sprintf("%x", text)) {
			t.Errorf("%s tells the secret: %s", how, got)
		}
	}
	for how, want := range map[string]string{
		"secret %v":  "<secret>",
		"secret %s":  "<secret>",
		"secret %#v": `config.Secret("<secret>")`,
		"auth %v":    "{me <secret> }",
		"list %v":    "[<secret>]",
		"JSON":       `{"Username":"me","Password":"\u003csecret\u003e","PasswordFile":""}`,
		"YAML":       "username: me\npassword: <secret>\npasswordfile: \"\"\n",
	} {
		if printed[how] != want {
			t.Errorf("%s prints %s, want %s", how, printed[how], want)
		}
	}
	if strings.Count(log.String(), "secret>")+strings.Count(log.String(), `secret\u003e`) != 4 {
		t.Errorf("the log does not show that there are secrets: %s", log.String())
	}
}

func TestSecretReveals(t *testing.T) {
	if got := NewSecret("hunter2").Reveal(); got != "hunter2" {
		t.Errorf("got %q", got)
	}
	for name, empty := range map[string]Secret{"zero": {}, "empty": NewSecret("")} {
		if empty.Reveal() != "" || empty.String() != "" || fmt.Sprintf("%#v", empty) != `config.Secret("")` {
			t.Errorf("%s: reveals %q, prints %q", name, empty.Reveal(), empty)
		}
	}
}

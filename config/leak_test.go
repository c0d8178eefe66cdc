package config

import (
	"strings"
	"testing"
)

// TestBrokenNearASecret breaks a file at a secret in every way that people do. The
// error never repeats it, nor the part of it that got somewhere else.
func TestBrokenNearASecret(t *testing.T) {
	t.Setenv("EVENKEEL_TEST_SECRET", "hunter2")
	const kafka = "clusters:\n- name: a\n  kafka:\n    brokers: [\"k1:9092\"]\n"
	const zookeeper = "clusters:\n- name: a\n  zookeeper:\n    servers: [\"z1:2181\"]\n"
	for _, text := range []string{
		kafka + "    sasl: {mechanism: PLAIN, username: me, password:hunter2}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: a,hunter2}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: a,hunter2, more}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: [hunter2]}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: {hunter2: x}}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: hunter2\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: \"hunter2}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: 'hunter2'x}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, passwort: hunter2}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: *hunter2}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: &hunter2}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: !hunter2 x}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: \"\\hunter2\"}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: \"hunter2${\"}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: \"hunter2${EVENKEEL_TEST_UNSET}\"}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: hunter2, password: hunter2}\n",
		kafka + "    sasl: {mechanism: PLAIN, password: hunter2}\n",
		kafka + "    sasl: {password: hunter2}\n",
		kafka + "    sasl: {mechanism: PLAIN, username: me, password: hunter2, password_file: x}\n",
		kafka + "    sasl: {mechanism: OAUTHBEARER, password: \"${EVENKEEL_TEST_SECRET}\"}\n",
		kafka + "    sasl: {mechanism: OAUTHBEARER, oauth: {client_id: a, client_secret: hunter2}}\n",
		kafka + "    sasl: {mechanism: OAUTHBEARER, oauth: {client_id: a, client_secret: hunter2, token_url: \"http://login.example.org/?client_secret=hunter2\"}}\n",
		kafka + "    sasl: {mechanism: OAUTHBEARER, oauth: {client_id: a, client_secret: hunter2, token_url: \"https://a:hunter2@login.example.org/\"}}\n",
		kafka + "    sasl: {mechanism: OAUTHBEARER, oauth: {client_id: a, client_secret: hunter2, token_url: \"https://a:hunter2@login.example.org/%zz\"}}\n",
		kafka + "    sasl:\n      mechanism: PLAIN\n      username: me\n      password:hunter2\n",
		kafka + "    sasl:\n      mechanism: PLAIN\n      username: me\n      password: hunter2: x\n",
		kafka + "    sasl:\n      mechanism: PLAIN\n      username: me\n     password: hunter2\n",
		kafka + "    sasl:\n      mechanism: PLAIN\n      username: me\n\tpassword: hunter2\n",
		kafka + "    sasl:\n      mechanism: PLAIN\n      username: me\n      password: @hunter2\n",
		kafka + "    sasl:\n      mechanism: PLAIN\n      username: me\n      password: %hunter2\n",
		kafka + "    sasl:\n      mechanism: PLAIN\n      username: me\n      password: `hunter2`\n",
		kafka + "    sasl: hunter2\n",
		zookeeper + "    auth: {username: \"me:hunter2\", password_file: go.mod}\n",
		zookeeper + "    auth: {username: me, password: hunter2}\n",
		strings.Replace(kafka, "k1:", "SASL_SSL://me:hunter2@k1:", 1),
		strings.Replace(kafka, "k1:", "me:hunter2@k1:", 1),
		strings.Replace(zookeeper, "z1:", "me:hunter2@z1:", 1),
		kafka + "web: {external_url: \"https://me:hunter2@evenkeel.example.org/?\\x01\"}\n",
		kafka + "web: {external_url: \"ftp://me:hunter2@evenkeel.example.org/\"}\n",
		kafka + "alerts: {alertmanagers: [{url: \"http://me:hunter2@am:9093/?a=b\"}]}\n",
		kafka + "alerts: {alertmanagers: [{url: \"http://am:9093/\", basic_auth: {username: me, password: hunter2}}]}\n",
	} {
		_, err := Parse("f.yml", []byte(text))
		if err == nil {
			t.Errorf("accepted:\n%s", text)
		} else if strings.Contains(err.Error(), "hunter") {
			t.Errorf("%v:\n%s", err, text)
		}
	}
}

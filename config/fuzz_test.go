package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// FuzzParse checks that no file makes Parse panic, that a refusal is one line
// that begins with the place, and that what is accepted says the same when it
// is written down anew.
func FuzzParse(f *testing.F) {
	f.Setenv("EVENKEEL_TEST_HOST", "k9")
	f.Setenv("EVENKEEL_TEST_SECRET", "hunter2")
	files, err := filepath.Glob("testdata/*/*.yml")
	if err != nil || len(files) < 100 {
		f.Fatalf("%d files to begin with: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	place := regexp.MustCompile(`^f\.yml:[1-9][0-9]*: \S`)
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := Parse("f.yml", data)
		if err != nil {
			if text := err.Error(); !place.MatchString(text) || strings.ContainsAny(text, "\n\r") {
				t.Errorf("not one line with its place: %q", text)
			}
			return
		}
		text := render(cfg)
		again, err := Parse("again.yml", []byte(text))
		if err != nil {
			t.Fatalf("accepted, but not a second time: %v\n%s", err, text)
		}
		if !reflect.DeepEqual(cfg, again) {
			t.Errorf("said\n%+v\nthen\n%+v\nby\n%s", cfg, again, text)
		}
	})
}

// render writes the keys that have a use already. A key that gets one goes here too.
func render(cfg *Config) string {
	var b strings.Builder
	fmt.Fprintf(&b, "state_file: %s\nweb: {external_url: %s}\nclusters:\n", quote(cfg.StateFile), quote(cfg.Web.ExternalURL))
	for _, c := range cfg.Clusters {
		fmt.Fprintf(&b, "- name: %s\n", quote(c.Name))
		renderKafka(&b, c.Kafka)
		renderZooKeeper(&b, c.ZooKeeper)
		fmt.Fprintf(&b, "  poll: {interval: %s, timeout: %s}\n", c.Poll.Interval, c.Poll.Timeout)
		fmt.Fprintf(&b, "  topics: {%s, per_partition: %s}\n", renderFilter(c.Topics.Filter), c.Topics.PerPartition)
		renderGroups(&b, c.Groups)
		renderRebalance(&b, c.Rebalance)
	}
	return b.String()
}

func renderGroups(b *strings.Builder, g Groups) {
	var objectives []string
	for _, o := range g.Objectives {
		objectives = append(objectives, fmt.Sprintf("{match: %s, max_lag: %s, severity: %s}", quotePattern(o.Match), o.MaxLag, o.Severity))
	}
	fmt.Fprintf(b, "  groups: {%s, per_partition: %t, watch: %s, discover_from_offsets_topic: %t, objectives: [%s], quiet: %s}\n", renderFilter(g.Filter),
		g.PerPartition, quoteAll(g.Watch), g.DiscoverFromOffsetsTopic, strings.Join(objectives, ", "), quotePattern(g.Quiet))
}

func renderRebalance(b *strings.Builder, r Rebalance) {
	number := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	var windows, brokers []string
	for _, w := range r.Windows {
		windows = append(windows, fmt.Sprintf("{cron: %s, duration: %s, time_zone: %s}", quote(w.Cron), w.Duration, quote(w.TimeZone)))
	}
	for _, id := range r.ExcludeBrokers {
		brokers = append(brokers, strconv.Itoa(id))
	}
	fmt.Fprintf(b, "  rebalance:\n    mode: %s\n    threshold: %s\n    persist_for: %s\n    settle: %s\n    max_registrations_per_hour: %d\n", r.Mode, number(r.Threshold), r.PersistFor, r.Settle, r.MaxRegistrationsPerHour)
	fmt.Fprintf(b, "    slow_probe: {factor: %s, at_least: %s}\n    broker_left: %s\n    cooldown: %s\n    max_runs_per_hour: %d\n", number(r.SlowProbe.Factor), r.SlowProbe.AtLeast, r.BrokerLeft, r.Cooldown, r.MaxRunsPerHour)
	fmt.Fprintf(b, "    batch_size: %d\n    batch_pause: %s\n    max_partitions_per_minute: %d\n    max_brokers_down: %s\n    max_under_replicated: %s\n    max_reassigning: %d\n", r.BatchSize, r.BatchPause, r.MaxPartitionsPerMinute, limit(r.MaxBrokersDown), limit(r.MaxUnderReplicated), r.MaxReassigning)
	fmt.Fprintf(b, "    ping_pong: {within: %s, times: %d}\n    windows: [%s]\n    topics: {%s}\n    exclude_brokers: [%s]\n    lock_path: %s\n", r.PingPong.Within, r.PingPong.Times, strings.Join(windows, ", "), renderFilter(r.Topics), strings.Join(brokers, ", "), quote(r.LockPath))
}

func renderKafka(b *strings.Builder, k Kafka) {
	fmt.Fprintf(b, "  kafka:\n    brokers: %s\n    version: %s\n    flavour: %s\n    listener: %s\n", quoteAll(k.Brokers), quote(k.Version), k.Flavour, quote(k.Listener))
	if k.MinInsyncReplicas > 0 {
		fmt.Fprintf(b, "    min_insync_replicas: %d\n", k.MinInsyncReplicas)
	}
	s := k.SASL
	fmt.Fprintf(b, "    tls: %s\n    sasl:\n      mechanism: %s\n      username: %s\n      password: %s\n      password_file: %s\n",
		renderTLS(k.TLS), quote(string(s.Mechanism)), quote(s.Username), quote(s.Password.Reveal()), quote(s.PasswordFile))
	fmt.Fprintf(b, "      kerberos: {service_name: %s, realm: %s, config_file: %s, keytab_file: %s, disable_fast: %t}\n",
		quote(s.Kerberos.ServiceName), quote(s.Kerberos.Realm), quote(s.Kerberos.ConfigFile), quote(s.Kerberos.KeytabFile), s.Kerberos.DisableFAST)
	o := s.OAuth
	fmt.Fprintf(b, "      oauth: {token_url: %s, client_id: %s, client_secret: %s, client_secret_file: %s, scopes: %s, ca_file: %s, extensions: {",
		quote(o.TokenURL), quote(o.ClientID), quote(o.ClientSecret.Reveal()), quote(o.ClientSecretFile), quoteAll(o.Scopes), quote(o.CAFile))
	for name, value := range o.Extensions {
		fmt.Fprintf(b, "%s: %s, ", name, quote(value))
	}
	fmt.Fprintf(b, "}}\n      aws: {region: %s, role_arn: %s, profile: %s}\n", quote(s.AWS.Region), quote(s.AWS.RoleARN), quote(s.AWS.Profile))
}

func renderZooKeeper(b *strings.Builder, z *ZooKeeper) {
	if z == nil {
		return
	}
	fmt.Fprintf(b, "  zookeeper:\n    servers: %s\n    chroot: %s\n    tls: %s\n", quoteAll(z.Servers), quote(z.Chroot+strings.Repeat("/", max(0, 1-len(z.Chroot)))), renderTLS(z.TLS))
	fmt.Fprintf(b, "    auth: {scheme: %s, username: %s, password_file: %s}\n", quote(z.Auth.Scheme), quote(z.Auth.Username), quote(z.Auth.PasswordFile))
	fmt.Fprintf(b, "    admin_server_port: %d\n    all_metrics: %t\n", z.AdminServerPort, z.AllMetrics)
}

func renderTLS(t TLS) string {
	return fmt.Sprintf("{enabled: %t, ca_file: %s, cert_file: %s, key_file: %s, server_name: %s, insecure_skip_verify: %t}",
		t.Enabled, quote(t.CAFile), quote(t.CertFile), quote(t.KeyFile), quote(t.ServerName), t.InsecureSkipVerify)
}

func renderFilter(f Filter) string {
	return "include: " + quotePattern(f.Include) + ", exclude: " + quotePattern(f.Exclude)
}

func quotePattern(p *regexp.Regexp) string {
	if p == nil {
		return `""`
	}
	return quote(p.String())
}

// quote writes text in double quotes: Go's escapes for what is not ASCII are
// among those of YAML.
func quote(text string) string {
	return strconv.QuoteToASCII(strings.ReplaceAll(text, "${", "$${"))
}

func quoteAll(texts []string) string {
	var quoted []string
	for _, text := range texts {
		quoted = append(quoted, quote(text))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

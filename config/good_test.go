package config

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// load fails the test unless testdata/good holds a valid file of this name.
func load(t *testing.T, name string) *Config {
	t.Helper()
	cfg, err := Load("testdata/good/" + name + ".yml")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// parse fails the test unless text is a valid file.
func parse(t *testing.T, text string) *Config {
	t.Helper()
	cfg, err := Parse("test.yml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return cfg
}

func TestMinimalFileHasAllDefaults(t *testing.T) {
	every := regexp.MustCompile(".*")
	want := &Config{Clusters: []Cluster{{
		Name:  "prod",
		Kafka: Kafka{Version: "auto", Flavour: FlavourAuto, SASL: SASL{Kerberos: Kerberos{ServiceName: "kafka", ConfigFile: "/etc/krb5.conf"}}},
		ZooKeeper: &ZooKeeper{
			Servers:         []string{"zk1:2181"},
			Auth:            ZooKeeperAuth{Scheme: "digest"},
			AdminServerPort: 8080,
		},
		Poll:   Poll{Interval: 15 * time.Second, Timeout: 10 * time.Second},
		Topics: Topics{Filter: Filter{Include: every}, PerPartition: PerPartitionAuto},
		Groups: Groups{
			Filter:       Filter{Include: every},
			PerPartition: true,
			Quiet:        regexp.MustCompile(`^(console-consumer-\d+|anonymous\..*)$`),
		},
		Rebalance: Rebalance{
			Mode:                    ModeOff,
			Threshold:               0.1,
			PersistFor:              10 * time.Minute,
			Settle:                  5 * time.Minute,
			MaxRegistrationsPerHour: 3,
			SlowProbe:               SlowProbe{Factor: 5, AtLeast: 100 * time.Millisecond},
			BrokerLeft:              10 * time.Minute,
			Cooldown:                10 * time.Minute,
			MaxRunsPerHour:          4,
			BatchSize:               50,
			BatchPause:              5 * time.Second,
			MaxPartitionsPerMinute:  600,
			MaxBrokersDown:          Auto,
			MaxUnderReplicated:      Auto,
			MaxReassigning:          500,
			PingPong:                PingPong{Within: 30 * time.Minute, Times: 2},
			Topics:                  Filter{Include: every},
			LockPath:                "/evenkeel",
		},
	}}}
	if got := load(t, "minimal"); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestFullFileSaysTheDefaults(t *testing.T) {
	full, short := load(t, "full_default"), load(t, "same_without_defaults")
	if !reflect.DeepEqual(full, short) {
		t.Errorf("with all defaults %+v\nwithout           %+v", full, short)
	}
}

// A key that is added to the file has to be added to full_default.yml, which
// then proves that its default may be written down.
func TestFullFileHasEveryKey(t *testing.T) {
	data, err := os.ReadFile("testdata/good/full_default.yml")
	if err != nil {
		t.Fatal(err)
	}
	d := &decoder{lines: map[string]int{"": 1}}
	if _, err := d.document(data); err != nil {
		t.Fatal(err)
	}
	keys := keysOf(reflect.TypeFor[rawFile](), "")
	if len(keys) < 100 {
		t.Fatalf("only %d keys found: %v", len(keys), keys)
	}
	for _, key := range keys {
		if d.lines[key] == 0 {
			t.Errorf("%s is not in the file", key)
		}
	}
}

// keysOf lists the paths of all keys of a raw type, with the keys of clusters
// as those of the first. Keys in other lists have no place in a default file.
func keysOf(typ reflect.Type, path string) []string {
	var keys []string
	for i := range typ.NumField() {
		field := typ.Field(i)
		key := joinPath(path, field.Tag.Get("yaml"))
		keys = append(keys, key)
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if key == "clusters" {
			key, inner = "clusters[0]", inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[Secret]() {
			keys = append(keys, keysOf(inner, key)...)
		}
	}
	return keys
}

func TestSeveralClusters(t *testing.T) {
	t.Setenv("EVENKEEL_TEST_HOST", "k9")
	cfg := load(t, "several_clusters")
	if cfg.StateFile != "/var/lib/evenkeel/state.json" || cfg.Web.ExternalURL != "https://evenkeel.example.org/prod/" {
		t.Errorf("state file %q, external URL %q", cfg.StateFile, cfg.Web.ExternalURL)
	}
	var names []string
	for _, c := range cfg.Clusters {
		names = append(names, c.Name)
	}
	if want := []string{"prod.eu-1", "0123", "slow", "hasty"}; !slices.Equal(names, want) {
		t.Fatalf("names %q, want %q", names, want)
	}
	first, second := cfg.Clusters[0], cfg.Clusters[1]
	if want := []string{"[2001:db8::1]:9092", "k9:9092"}; !slices.Equal(first.Kafka.Brokers, want) || first.Kafka.Listener != "INTERNAL" {
		t.Errorf("kafka %+v, want brokers %q", first.Kafka, want)
	}
	for i, chroot := range []string{"/kafka/eu", "/kafka/${us}"} {
		z := cfg.Clusters[i].ZooKeeper
		if !slices.Equal(z.Servers, []string{"zk1:2181", "10.0.0.2:2181"}) || z.Chroot != chroot {
			t.Errorf("ensemble %d is %+v, want chroot %s", i, z, chroot)
		}
	}
	if len(second.Kafka.Brokers) != 0 {
		t.Errorf("brokers from nowhere: %q", second.Kafka.Brokers)
	}
	if first.Topics.PerPartition != PerPartitionOff || first.Groups.PerPartition || first.Rebalance.Threshold != 0 {
		t.Errorf("got %+v", first)
	}
	if g := first.Groups; !slices.Equal(g.Watch, []string{"billing", "audit"}) || !g.DiscoverFromOffsetsTopic {
		t.Errorf("groups %+v", g)
	}
	for i, want := range []Poll{
		{250 * time.Millisecond, 1500 * time.Millisecond},
		{250 * time.Millisecond, 1500 * time.Millisecond},
		{24 * time.Hour, 10 * time.Second},
		{5 * time.Second, 5 * time.Second},
	} {
		if got := cfg.Clusters[i].Poll; got != want {
			t.Errorf("poll of %s is %v, want %v", names[i], got, want)
		}
	}
}

// What editors and generators of YAML put into files, and people do not see.
func TestOtherSpellings(t *testing.T) {
	want := load(t, "minimal")
	plain := minimal("")
	for name, text := range map[string]string{
		"byte order mark": "\ufeff" + plain,
		"carriage return": strings.ReplaceAll(plain, "\n", "\r\n"),
		"document start":  "%YAML 1.1\n---\n" + plain + "...\n",
		"JSON":            `{"clusters": [{"name": "prod", "zookeeper": {"servers": ["zk1:2181"]}}]}`,
		"null":            minimal("    kafka: ~\n    poll: {interval: null}\n") + "web:\n",
		"alias of null":   minimal("    kafka: &none\n    poll: *none\n"),
		"empty lists":     minimal("    kafka: {brokers: []}\n") + "alerts: {external_labels: {}}\n",
	} {
		if got := parse(t, text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestWhatIsPromisedForAGroup(t *testing.T) {
	t.Setenv("EVENKEEL_TEST_HOST", "k9")
	groups := load(t, "several_clusters").Clusters[0].Groups
	for name, want := range map[string]Objective{
		"payments": {MaxLag: 30 * time.Second, Severity: SeverityCritical},
		"other":    {MaxLag: time.Hour, Severity: SeverityWarning},
	} {
		got, ok := groups.Objective(name)
		if !ok || got.MaxLag != want.MaxLag || got.Severity != want.Severity {
			t.Errorf("%s: %+v, %t; want %+v", name, got, ok, want)
		}
	}
	if o, ok := groups.Objective("probe-1"); ok || !groups.IsQuiet("probe-1") {
		t.Errorf("a quiet group has %+v", o)
	}
	rest := load(t, "minimal").Clusters[0].Groups
	if o, ok := rest.Objective("any"); !ok || o.MaxLag != 15*time.Minute || o.Severity != SeverityWarning {
		t.Errorf("without objectives: %+v, %t", o, ok)
	}
	if _, ok := rest.Objective("console-consumer-123"); ok {
		t.Error("a console consumer has an objective")
	}
}

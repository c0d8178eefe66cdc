package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// flags returns those of a user who gave the ensemble alone.
func flags() Flags {
	return Flags{
		ZooKeeper:     "zk1:2181,zk2:2181,zk3:2181",
		ClusterName:   DefaultClusterName,
		PollInterval:  DefaultPollInterval.String(),
		PollTimeout:   DefaultPollTimeout.String(),
		RebalanceMode: string(DefaultRebalanceMode),
	}
}

func TestFlagsSayWhatTheFileSays(t *testing.T) {
	f := flags()
	f.ClusterName = "prod"
	f.Brokers = "k1:9092, k2:9092"
	got, err := FromFlags(f)
	if err != nil {
		t.Fatal(err)
	}
	if want := load(t, "same_without_defaults"); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestFlags(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Flags)
		is     func(Cluster) bool
	}{
		"no brokers":    {func(*Flags) {}, func(c Cluster) bool { return c.Kafka.Brokers == nil && c.Name == "default" }},
		"no chroot":     {func(*Flags) {}, func(c Cluster) bool { return c.ZooKeeper.Chroot == "" && len(c.ZooKeeper.Servers) == 3 }},
		"root":          {func(f *Flags) { f.ZooKeeper += "/" }, func(c Cluster) bool { return c.ZooKeeper.Chroot == "" }},
		"chroot":        {func(f *Flags) { f.ZooKeeper += "/a/b" }, func(c Cluster) bool { return c.ZooKeeper.Chroot == "/a/b" }},
		"no variables":  {func(f *Flags) { f.ZooKeeper += "/${a}" }, func(c Cluster) bool { return c.ZooKeeper.Chroot == "/${a}" }},
		"number":        {func(f *Flags) { f.ClusterName = "007" }, func(c Cluster) bool { return c.Name == "007" }},
		"word of YAML":  {func(f *Flags) { f.ClusterName = "null" }, func(c Cluster) bool { return c.Name == "null" }},
		"IPv6":          {func(f *Flags) { f.Brokers = "[::1]:9092" }, func(c Cluster) bool { return c.Kafka.Brokers[0] == "[::1]:9092" }},
		"short timeout": {func(f *Flags) { f.PollInterval, f.PollTimeout = "5s", "" }, func(c Cluster) bool { return c.Poll.Timeout == 5*time.Second }},
		"usual timeout": {func(f *Flags) { f.PollTimeout = "" }, func(c Cluster) bool { return c.Poll.Timeout == 10*time.Second }},
		"quick polls":   {func(f *Flags) { f.PollInterval, f.PollTimeout = "200ms", "" }, func(c Cluster) bool { return c.Poll == Poll{200 * time.Millisecond, 10 * time.Second} }},
		"odd interval":  {func(f *Flags) { f.PollInterval = "90s1us" }, func(c Cluster) bool { return c.Poll.Interval == 90*time.Second+time.Microsecond }},
		"no ensemble":   {func(f *Flags) { f.ZooKeeper, f.Brokers = "", "k1:9092" }, func(c Cluster) bool { return c.ZooKeeper == nil && c.Kafka.Brokers[0] == "k1:9092" }},
		"no mode":       {func(f *Flags) { f.RebalanceMode = "" }, func(c Cluster) bool { return c.Rebalance.Mode == ModeOff }},
	} {
		t.Run(name, func(t *testing.T) {
			f := flags()
			tc.change(&f)
			cfg, err := FromFlags(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(cfg.Clusters) != 1 || !tc.is(cfg.Clusters[0]) {
				t.Errorf("%+v yields %+v", f, cfg)
			}
		})
	}
}

func TestWrongFlags(t *testing.T) {
	for want, change := range map[string]func(*Flags){
		`--kafka.brokers or --zookeeper.servers: one of them is required: brokers as HOST:PORT,..., or ZooKeeper servers as HOST:PORT,...[/chroot]; or --config.file for a file`: func(f *Flags) { f.ZooKeeper = "" },
		`--kafka.brokers: required where ZooKeeper is left out: a list of bootstrap brokers as HOST:PORT`:                                                                        func(f *Flags) { f.ZooKeeper = " " },
		`--zookeeper.servers: required: a list of the servers of the ensemble as HOST:PORT`:                                                                                      func(f *Flags) { f.ZooKeeper = "/kafka" },
		`--zookeeper.servers: "zk1" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092`:                                                                                      func(f *Flags) { f.ZooKeeper = "zk1" },
		`--zookeeper.servers: "zk1:2181" is named twice; every server must be named once`:                                                                                        func(f *Flags) { f.ZooKeeper = "zk1:2181,zk1:2181" },
		`--zookeeper.servers: "a:1/k,b:1/k" has a server after the chroot; the chroot must come once, after the last server`:                                                     func(f *Flags) { f.ZooKeeper = "a:1/k,b:1/k" },
		`--zookeeper.servers: "/k/" is not the path of a znode; it must begin with / and not end with one, as /kafka does, or be / alone`:                                        func(f *Flags) { f.ZooKeeper = "a:1/k/" },
		`--kafka.brokers: an entry is empty; every entry must be HOST:PORT such as k1:9092 or [2001:db8::1]:9092`:                                                                func(f *Flags) { f.Brokers = "k1:9092," },
		`--kafka.brokers: "k1:x" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092: the port must be a number from 1 to 65535`:                                              func(f *Flags) { f.Brokers = "k1:x" },
		`--cluster.name: "" is not a cluster name; allowed are letters, digits, _, . and -, beginning with a letter, a digit or _`:                                               func(f *Flags) { f.ClusterName = "" },
		`--cluster.name: "a\nb" is not a cluster name; allowed are letters, digits, _, . and -, beginning with a letter, a digit or _`:                                           func(f *Flags) { f.ClusterName = "a\nb" },
		`--poll.interval: "0s" is too short; it must be longer than 0`:                                                                                                           func(f *Flags) { f.PollInterval = "0s" },
		`--poll.interval: "-1s" is negative; a duration must not be`:                                                                                                             func(f *Flags) { f.PollInterval = "-1s" },
		`--poll.timeout: "-1s" is negative; a duration must not be`:                                                                                                              func(f *Flags) { f.PollTimeout = "-1s" },
		`--poll.timeout: 10s is longer than the poll interval of 5s; it must not be, unless the interval is under 1s`:                                                            func(f *Flags) { f.PollInterval = "5s" },
		`--rebalance.mode: "always" is not allowed; it must be one of off, dry_run, auto`:                                                                                        func(f *Flags) { f.RebalanceMode = "always" },
	} {
		f := flags()
		change(&f)
		_, err := FromFlags(f)
		if err == nil || err.Error() != want {
			t.Errorf("%+v\ngot  %v\nwant %s", f, err, want)
		}
	}
	// Text that is not UTF-8 cannot be told apart from binary data, but must
	// not be accepted either.
	f := flags()
	f.ClusterName = "caf\xe9"
	if _, err := FromFlags(f); err == nil || !strings.HasPrefix(err.Error(), "--cluster.name: ") {
		t.Errorf("a name that is not UTF-8: %v", err)
	}
}

func TestFlagsNameKeysThatExist(t *testing.T) {
	data, err := os.ReadFile("testdata/good/full_default.yml")
	if err != nil {
		t.Fatal(err)
	}
	d := &decoder{lines: map[string]int{}}
	if _, err := d.document(data); err != nil {
		t.Fatal(err)
	}
	for key, flag := range flagNames {
		if d.lines[key] == 0 {
			t.Errorf("%s stands for %s, which is no key of the file", flag, key)
		}
	}
}

package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// FuzzFlags holds that no command line makes FromFlags panic, that a refusal is one
// line that begins with a flag, and that what is accepted is within its bounds.
func FuzzFlags(f *testing.F) {
	f.Add("k1:9092,k2:9092", "zk1:2181,zk2:2181/kafka", "prod", "15s", "10s", "off")
	f.Add("", "[::1]:2181/", "a", "1d", "", "auto")
	f.Add("${HOME}:1, ,\x00", "/", "-", "-1s", "1e9h", "dry_run\n")
	f.Fuzz(func(t *testing.T, brokers, zookeeper, name, interval, timeout, mode string) {
		cfg, err := FromFlags(Flags{Brokers: brokers, ZooKeeper: zookeeper, ClusterName: name, PollInterval: interval, PollTimeout: timeout, RebalanceMode: mode})
		if err != nil {
			if text := err.Error(); !strings.HasPrefix(text, "--") || strings.ContainsAny(text, "\n\r") {
				t.Errorf("not one line with its flag: %q", text)
			}
			return
		}
		c := cfg.Clusters[0]
		if c.Poll.Interval <= 0 || c.Poll.Timeout <= 0 || c.Poll.Interval >= time.Second && c.Poll.Timeout > c.Poll.Interval {
			t.Errorf("polls every %v for %v", c.Poll.Interval, c.Poll.Timeout)
		}
		if !clusterNames.MatchString(c.Name) || len(c.Kafka.Brokers) == 0 && c.ZooKeeper == nil {
			t.Errorf("accepted: %+v", c)
		}
	})
}

// FuzzExpandEnv holds that what has no reference stays as it is, that what is
// escaped comes out as it was written, that an error does not repeat the text around
// a reference, and that no value is expanded once more.
func FuzzExpandEnv(f *testing.F) {
	f.Add("hunter2", "NAME", "${NAME}")
	f.Add("a$${b", "x}y${", "$")
	f.Add("${", "}", "$$${A}")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		lookup := func(asked string) (string, bool) { return value, asked == name }
		got, err := expandEnv(strings.ReplaceAll(text, "${", "$${"), lookup)
		if err != nil || !strings.Contains(text, "${") && got != text {
			t.Errorf("%q becomes %q: %v", text, got, err)
		}
		if strings.Contains(text, "$") {
			return
		}
		got, err = expandEnv(text+"${"+name+"}"+text, lookup)
		switch named := envName.MatchString(name); {
		case err == nil && (!named || got != text+value+text):
			t.Errorf("%q between %q becomes %q", name, text, got)
		case err != nil && named:
			t.Errorf("%q: %v", name, err)
		}
		_, err = expandEnv(text+"${UNSET_OF_ALL}"+text, func(string) (string, bool) { return "", false })
		if err == nil || len(text) > 60 && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// scalars are all types that check a text by themselves.
var scalars = []func() setter{
	func() setter { return new(pattern) }, func() setter { return new(duration) }, func() setter { return new(period) },
	func() setter { return new(groupName) }, func() setter { return new(Severity) }, func() setter { return new(fraction) }, func() setter { return new(limit) }, func() setter { return new(PerPartition) },
	func() setter { return new(Mode) }, func() setter { return new(clusterName) }, func() setter { return new(hostPort) },
	func() setter { return new(znode) }, func() setter { return new(httpURL) }, func() setter { return new(kafkaVersion) },
	func() setter { return new(Flavour) }, func() setter { return new(count) }, func() setter { return new(portOrNone) },
	func() setter { return new(serverName) }, func() setter { return new(Mechanism) }, func() setter { return new(scheme) },
	func() setter { return new(tokenURL) }, func() setter { return new(awsRegion) }, func() setter { return new(roleARN) },
	func() setter { return new(Secret) }, func() setter { return new(natural) }, func() setter { return new(multiple) },
	func() setter { return new(cronSpec) }, func() setter { return new(timeZone) },
}

// FuzzScalars gives any text to every kind of value. Nothing panics, a refusal is one
// line, durations are not negative, expressions compile, and what stands before an @
// is not repeated of an address.
func FuzzScalars(f *testing.F) {
	for _, text := range []string{
		"", "15s", "1d", "-1s", "9223372036854775807ns", "292y", "1e400", "NaN", "0x10", "auto", ".*", "(", `\p{Greek}{1000}`, "k1:9092", "[::1]:9092",
		"http://me:hunter2@h:1/?a", "https://login.example.org/token?a#b", "/kafka", "//", "0.8.2", "99.999.999", "arn:aws:iam::1:role/x", "eu-central-1", "a\nb", "\xff", "0 1 * * *", "@daily", "TZ=", "Europe/Berlin",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, fresh := range scalars {
			s := fresh()
			if err := s.set(text); err != nil {
				if said := err.Error(); strings.ContainsAny(said, "\n\r") {
					t.Errorf("%T: not one line: %q", s, said)
				}
				continue
			}
			switch v := s.(type) {
			case *duration:
				if *v < 0 {
					t.Errorf("duration %q is %v", text, time.Duration(*v))
				}
			case *period:
				if *v <= 0 {
					t.Errorf("period %q is %v", text, time.Duration(*v))
				}
			case *pattern:
				if v.regexp() == nil && text != "" {
					t.Errorf("no expression of %q", text)
				}
			}
		}
	})
}

// TestAllScalarsAreFuzzed finds every type of a key that checks its own text.
func TestAllScalarsAreFuzzed(t *testing.T) {
	known := map[reflect.Type]bool{}
	for _, fresh := range scalars {
		known[reflect.TypeOf(fresh()).Elem()] = true
	}
	setters := reflect.TypeFor[setter]()
	seen := 0
	var walk func(reflect.Type)
	walk = func(at reflect.Type) {
		switch {
		case reflect.PointerTo(at).Implements(setters):
			if seen++; !known[at] {
				t.Errorf("%v is not among scalars", at)
			}
		case at.Kind() == reflect.Pointer || at.Kind() == reflect.Slice || at.Kind() == reflect.Map:
			walk(at.Elem())
		case at.Kind() == reflect.Struct:
			for i := range at.NumField() {
				walk(at.Field(i).Type)
			}
		}
	}
	walk(reflect.TypeFor[rawFile]())
	if seen < 20 {
		t.Errorf("only %d values were found", seen)
	}
}

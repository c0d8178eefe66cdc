package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// wrong tells, for each file in testdata/bad, the message that follows its name.
var wrong = map[string]string{
	"anchor_unknown":                  `4: a value that begins with * refers to an anchor, and there is none of this name above; quote the value if it is no reference`,
	"bool":                            `4: clusters[0].groups.per_partition: "yes" is not allowed; it must be true or false`,
	"broker_blank":                    `3: clusters[0].kafka.brokers[0]: "k1 :9092" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092: no valid host name`,
	"broker_brackets":                 `3: clusters[0].kafka.brokers[0]: "[k1]:9092" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092: no IPv6 address in the brackets`,
	"broker_empty":                    `6: clusters[0].kafka.brokers[1]: an entry is empty; every entry must be HOST:PORT such as k1:9092 or [2001:db8::1]:9092`,
	"broker_ipv6_bare":                `3: clusters[0].kafka.brokers[0]: "2001:db8::1:9092" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092`,
	"broker_no_host":                  `3: clusters[0].kafka.brokers[0]: ":9092" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092: no valid host name`,
	"broker_no_port":                  `3: clusters[0].kafka.brokers[0]: "k1" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092`,
	"broker_null":                     `6: clusters[0].kafka.brokers[1]: an entry of the list has no value; give it one or take it out`,
	"broker_port_empty":               `3: clusters[0].kafka.brokers[0]: "k1:" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092: the port must be a number from 1 to 65535`,
	"broker_port_large":               `3: clusters[0].kafka.brokers[0]: "k1:65536" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092: the port must be a number from 1 to 65535`,
	"broker_port_name":                `3: clusters[0].kafka.brokers[0]: "k1:kafka" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092: the port must be a number from 1 to 65535`,
	"broker_port_zero":                `3: clusters[0].kafka.brokers[0]: "k1:0" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092: the port must be a number from 1 to 65535`,
	"broker_several":                  `3: clusters[0].kafka.brokers[0]: "k1:9092,k2:9092" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092`,
	"broker_twice":                    `6: clusters[0].kafka.brokers[1]: "k1:9092" is named twice; every server must be named once`,
	"broker_url":                      `3: clusters[0].kafka.brokers[0]: "PLAINTEXT://k1:9092" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092`,
	"chroot_relative":                 `3: clusters[0].zookeeper.chroot: "kafka" is not the path of a znode; it must begin with / and not end with one, as /kafka does, or be / alone`,
	"chroot_trailing":                 `3: clusters[0].zookeeper.chroot: "/kafka/" is not the path of a znode; it must begin with / and not end with one, as /kafka does, or be / alone`,
	"cluster_null":                    `2: clusters[0]: an entry of the list has no value; give it one or take it out`,
	"clusters_empty":                  `2: clusters: required: a list of at least one cluster`,
	"clusters_missing":                `1: clusters: required: a list of at least one cluster`,
	"clusters_null":                   `1: clusters: required: a list of at least one cluster`,
	"comments_only":                   `1: the file is empty; it must at least have the key clusters`,
	"duration_empty":                  `4: clusters[0].poll.interval: "" is not a duration; write numbers with units, such as 500ms, 15s, 10m, 1h30m or 1d`,
	"duration_negative":               `4: clusters[0].poll.timeout: "-5s" is negative; a duration must not be`,
	"duration_no_unit":                `4: clusters[0].poll.interval: "15" is not a duration; write numbers with units, such as 500ms, 15s, 10m, 1h30m or 1d`,
	"duration_timeout_zero":           `4: clusters[0].poll.timeout: "0s" is too short; it must be longer than 0`,
	"duration_too_long":               `4: clusters[0].poll.interval: "300y" is not a duration; write numbers with units, such as 500ms, 15s, 10m, 1h30m or 1d`,
	"duration_words":                  `4: clusters[0].poll.interval: "15 seconds" is not a duration; write numbers with units, such as 500ms, 15s, 10m, 1h30m or 1d`,
	"duration_zero":                   `4: clusters[0].poll.interval: "0s" is too short; it must be longer than 0`,
	"empty":                           `1: the file is empty; it must at least have the key clusters`,
	"env_no_name":                     `4: clusters[0].topics.include: ${ must be followed by the name of an environment variable and }; write $${ for the characters themselves`,
	"env_open":                        `4: clusters[0].topics.include: ${ must be followed by the name of an environment variable and }; write $${ for the characters themselves`,
	"env_unset":                       `5: clusters[0].topics.include: the environment variable EVENKEEL_TEST_UNSET is not set`,
	"external_url_query":              `4: web.external_url: "https://evenkeel.example.org/?a=b" is not allowed; it must be an http or https URL without query or fragment, such as https://evenkeel.example.org/`,
	"external_url_relative":           `4: web.external_url: "evenkeel.example.org" is not allowed; it must be an http or https URL without query or fragment, such as https://evenkeel.example.org/`,
	"float":                           `4: clusters[0].rebalance.slow_probe.factor: "much" is not allowed; it must be a number`,
	"int":                             `4: clusters[0].rebalance.batch_size: "1.5" is not allowed; it must be a whole number`,
	"key_is_list":                     `4: clusters[0]: every key must be a plain word`,
	"key_odd":                         `4: clusters[0]."two\nlines": unknown key; allowed here: groups, kafka, name, poll, rebalance, topics, zookeeper`,
	"key_twice":                       `7: clusters[0].poll.interval: given twice, first on line 5; every key must be there once only`,
	"key_twice_label":                 `5: alerts.external_labels.dc: given twice, first on line 5; every key must be there once only`,
	"key_unknown_cluster":             `4: clusters[0].zookeper: unknown key; allowed here: groups, kafka, name, poll, rebalance, topics, zookeeper`,
	"key_unknown_in_list":             `7: clusters[0].groups.objectives[0].lag: unknown key; allowed here: match, max_lag, severity`,
	"key_unknown_kafka":               `4: clusters[0].kafka.brokres: unknown key; allowed here: brokers, flavour, listener, sasl, tls, version`,
	"key_unknown_not_built":           `4: clusters[0].kafka.sasl.user: unknown key; allowed here: mechanism, password, password_file, username`,
	"key_unknown_poll":                `6: clusters[0].poll.time_out: unknown key; allowed here: interval, timeout`,
	"key_unknown_top":                 `1: cluster: unknown key; allowed here: alerts, clusters, state_file, web`,
	"limit":                           `4: clusters[0].rebalance.max_brokers_down: "-1" is not allowed; it must be auto or a whole number, 0 or more`,
	"merge_key":                       `5: clusters[1]."<<": merging with << is not supported; name the whole value with & and repeat it with *`,
	"mode_unknown":                    `4: clusters[0].rebalance.mode: "on" is not allowed; it must be one of off, dry_run, auto`,
	"name_empty":                      `2: clusters[0].name: "" is not a cluster name; allowed are letters, digits, _, . and -, beginning with a letter, a digit or _`,
	"name_missing":                    `2: clusters[0].name: required: a name that no other cluster has`,
	"name_null":                       `2: clusters[0].name: required: a name that no other cluster has`,
	"name_slash":                      `2: clusters[0].name: "eu/prod" is not a cluster name; allowed are letters, digits, _, . and -, beginning with a letter, a digit or _`,
	"name_twice":                      `6: clusters[2].name: "prod" is the name of clusters[0] already; every cluster must have its own`,
	"not_text":                        `3: not a text file: this line is not UTF-8, or has control characters`,
	"not_utf8":                        `2: not a text file: this line is not UTF-8, or has control characters`,
	"nothing_to_reach":                `2: clusters[0].kafka.brokers: required where ZooKeeper is left out: a list of bootstrap brokers as HOST:PORT`,
	"per_partition":                   `4: clusters[0].topics.per_partition: "maybe" is not allowed; it must be one of auto, true, false`,
	"prose":                           `1: must be a mapping, with keys out of: alerts, clusters, state_file, web`,
	"regexp":                          `5: clusters[0].topics.include: "a(b" is not a regular expression (RE2 syntax): missing closing )`,
	"regexp_not_built":                `4: clusters[0].groups.quiet: "*" is not a regular expression (RE2 syntax): missing argument to repetition operator`,
	"regexp_two_lines":                `5: clusters[0].groups.exclude: "a\n[b\n" is not a regular expression (RE2 syntax): missing closing ]`,
	"root_list":                       `1: must be a mapping, with keys out of: alerts, clusters, state_file, web`,
	"server_twice":                    `4: clusters[0].zookeeper.servers[1]: "zk1:2181" is named twice; every server must be named once`,
	"server_with_chroot":              `4: clusters[0].zookeeper.servers[0]: "zk1:2181/kafka" is not HOST:PORT such as k1:9092 or [2001:db8::1]:9092: the port must be a number from 1 to 65535`,
	"servers_empty":                   `3: clusters[0].zookeeper.servers: required: a list of the servers of the ensemble as HOST:PORT`,
	"servers_missing":                 `3: clusters[0].zookeeper.servers: required: a list of the servers of the ensemble as HOST:PORT`,
	"syntax":                          `2: not valid YAML: did not find expected ',' or ']'`,
	"syntax_first_line":               `1: not valid YAML: did not find expected node content`,
	"tab_indent":                      `2: not valid YAML: found character that cannot start any token`,
	"tag":                             `4: clusters[0].poll.interval: tags (words that begin with !) are not supported; quote the value if it is no tag`,
	"threshold_nan":                   `4: clusters[0].rebalance.threshold: "NaN" is not allowed; it must be a number from 0 up to, but not including, 1, such as 0.10`,
	"threshold_negative":              `4: clusters[0].rebalance.threshold: "-0.1" is not allowed; it must be a number from 0 up to, but not including, 1, such as 0.10`,
	"threshold_one":                   `4: clusters[0].rebalance.threshold: "1" is not allowed; it must be a number from 0 up to, but not including, 1, such as 0.10`,
	"threshold_percent":               `4: clusters[0].rebalance.threshold: "10%" is not allowed; it must be a number from 0 up to, but not including, 1, such as 0.10`,
	"timeout_longer":                  `6: clusters[0].poll.timeout: 6s is longer than the poll interval of 5s; it must not be, unless the interval is under 1s`,
	"timeout_longer_default_interval": `4: clusters[0].poll.timeout: 20s is longer than the poll interval of 15s; it must not be, unless the interval is under 1s`,
	"timeout_longer_one_second":       `4: clusters[0].poll.timeout: 1.001s is longer than the poll interval of 1s; it must not be, unless the interval is under 1s`,
	"two_documents":                   `4: a second document begins here; the file must have one only`,
	"type_clusters":                   `1: clusters: must be a list, such as [first, second]`,
	"type_label_value":                `5: alerts.external_labels.dc: has no value; quote the empty text as ""`,
	"type_labels":                     `5: alerts.external_labels: must be a mapping of names to texts`,
	"type_list":                       `4: clusters[0].kafka.brokers: must be a list, such as [first, second]`,
	"type_list_entry":                 `6: clusters[0].kafka.brokers[1]: must be a single value, not a list or a mapping`,
	"type_mapping":                    `3: clusters[0].kafka: must be a mapping, with keys out of: brokers, flavour, listener, sasl, tls, version`,
	"type_scalar":                     `2: clusters[0].name: must be a single value, not a list or a mapping`,
	"type_secret":                     `4: clusters[0].kafka.sasl.password: must be a single value, not a list or a mapping`,
	"unbuilt_admin_server":            `3: clusters[0].zookeeper.admin_server_port: "0" is not supported yet in this version; leave it out or set 8080`,
	"unbuilt_alertmanagers":           `5: alerts.alertmanagers: a list with entries is not supported yet in this version; leave it out or set []`,
	"unbuilt_all_metrics":             `3: clusters[0].zookeeper.all_metrics: "true" is not supported yet in this version; leave it out or set false`,
	"unbuilt_auth":                    `3: clusters[0].zookeeper.auth.username: "me" is not supported yet in this version; leave it out or set ""`,
	"unbuilt_discover":                `4: clusters[0].groups.discover_from_offsets_topic: "true" is not supported yet in this version; leave it out or set false`,
	"unbuilt_evaluate":                `4: alerts.evaluate: "true" is not supported yet in this version; leave it out or set false`,
	"unbuilt_exclude_brokers":         `4: clusters[0].rebalance.exclude_brokers: a list with entries is not supported yet in this version; leave it out or set []`,
	"unbuilt_flavour":                 `3: clusters[0].kafka.flavour: "msk" is not supported yet in this version; leave it out or set auto`,
	"unbuilt_labels":                  `4: alerts.external_labels: a mapping with entries is not supported yet in this version; leave it out or set {}`,
	"unbuilt_limit":                   `4: clusters[0].rebalance.max_under_replicated: "3" is not supported yet in this version; leave it out or set auto`,
	"unbuilt_lock_path":               `4: clusters[0].rebalance.lock_path: "/other" is not supported yet in this version; leave it out or set /evenkeel`,
	"unbuilt_mode_auto":               `5: clusters[0].rebalance.mode: "auto" is not supported yet in this version; leave it out or set off`,
	"unbuilt_mode_dry_run":            `4: clusters[0].rebalance.mode: "dry_run" is not supported yet in this version; leave it out or set off`,
	"unbuilt_objectives":              `4: clusters[0].groups.objectives: a list with entries is not supported yet in this version; leave it out or set []`,
	"unbuilt_persist_for":             `4: clusters[0].rebalance.persist_for: "90s" is not supported yet in this version; leave it out or set 10m`,
	"unbuilt_quiet":                   `4: clusters[0].groups.quiet: "" is not supported yet in this version; leave it out or set ^(console-consumer-\d+|anonymous\..*)$`,
	"unbuilt_sasl":                    `3: clusters[0].kafka.sasl.mechanism: "PLAIN" is not supported yet in this version; leave it out or set ""`,
	"unbuilt_secret":                  `3: clusters[0].kafka.sasl.password: <secret> is not supported yet in this version; leave it out or set ""`,
	"unbuilt_tls":                     `5: clusters[0].kafka.tls.enabled: "true" is not supported yet in this version; leave it out or set false`,
	"unbuilt_topics":                  `4: clusters[0].rebalance.topics.exclude: "a" is not supported yet in this version; leave it out or set ""`,
	"unbuilt_version":                 `3: clusters[0].kafka.version: "0.10" is not supported yet in this version; leave it out or set auto`,
	"unbuilt_watch":                   `4: clusters[0].groups.watch: a list with entries is not supported yet in this version; leave it out or set []`,
	"unbuilt_windows":                 `4: clusters[0].rebalance.windows: a list with entries is not supported yet in this version; leave it out or set []`,
	"unbuilt_zookeeper_tls":           `3: clusters[0].zookeeper.tls.ca_file: "ca.pem" is not supported yet in this version; leave it out or set ""`,
	"zookeeper_missing":               `2: clusters[0].zookeeper: required: clusters without ZooKeeper are not supported yet in this version`,
	"zookeeper_null":                  `4: clusters[0].zookeeper: required: clusters without ZooKeeper are not supported yet in this version`,
}

func TestWrongFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yml")
	if err != nil || len(files) != len(wrong) {
		t.Fatalf("%d files in testdata/bad for %d messages (%v): every file needs its message", len(files), len(wrong), err)
	}
	for name, want := range wrong {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "bad", name+".yml")
			cfg, err := Load(file)
			if err == nil {
				t.Fatalf("accepted as %+v", cfg)
			}
			if want := file + ":" + want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the message tells a secret")
			}
		})
	}
}

func TestLoadWithoutFile(t *testing.T) {
	_, err := Load("testdata/none.yml")
	if want := "configuration file: open testdata/none.yml: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

package config

import "time"

// The defaults that flags show.
const (
	DefaultClusterName  = "default"
	DefaultPollInterval = 15 * time.Second
	// DefaultPollTimeout is shortened to the poll interval where that is shorter.
	DefaultPollTimeout   = 10 * time.Second
	DefaultRebalanceMode = ModeOff
)

// A defaulter has values of its own before the file is read. The decoder asks
// whatever it creates: the entries of lists, and what pointers point to.
type defaulter interface{ setDefaults() }

// setDefaults fills in the defaults of a cluster, whether a file or flags
// describe it. What is not named here is empty, off or zero by default.
func (c *rawCluster) setDefaults() {
	*c = rawCluster{
		Kafka: rawKafka{
			Version: VersionAuto,
			Flavour: FlavourAuto,
			SASL:    rawSASL{Kerberos: defaultKerberos},
		},
		Poll:   rawPoll{Interval: period(DefaultPollInterval)},
		Topics: rawTopics{Include: ".*", PerPartition: PerPartitionAuto},
		Groups: rawGroups{
			Include:      ".*",
			PerPartition: true,
			Quiet:        `^(console-consumer-\d+|anonymous\..*)$`,
		},
		Rebalance: rawRebalance{
			Mode:                    DefaultRebalanceMode,
			Threshold:               0.10,
			PersistFor:              duration(10 * time.Minute),
			Settle:                  duration(5 * time.Minute),
			MaxRegistrationsPerHour: 3,
			SlowProbe:               rawSlowProbe{Factor: 5, AtLeast: duration(100 * time.Millisecond)},
			BrokerLeft:              duration(10 * time.Minute),
			Cooldown:                duration(10 * time.Minute),
			MaxRunsPerHour:          4,
			BatchSize:               50,
			BatchPause:              duration(5 * time.Second),
			MaxPartitionsPerMinute:  600,
			MaxBrokersDown:          Auto,
			MaxUnderReplicated:      Auto,
			MaxReassigning:          500,
			PingPong:                rawPingPong{Within: duration(30 * time.Minute), Times: 2},
			Topics:                  rawFilter{Include: ".*"},
			LockPath:                "/evenkeel",
		},
	}
}

// defaultKerberos also tells whether any key of it was written down.
var defaultKerberos = rawKerberos{ServiceName: "kafka", ConfigFile: "/etc/krb5.conf"}

func (z *rawZooKeeper) setDefaults() {
	*z = rawZooKeeper{
		Chroot:          "/",
		Auth:            rawZooKeeperAuth{Scheme: "digest"},
		AdminServerPort: 8080,
	}
}

func (o *rawObjective) setDefaults() {
	*o = rawObjective{MaxLag: period(defaultObjective.MaxLag), Severity: defaultObjective.Severity}
}

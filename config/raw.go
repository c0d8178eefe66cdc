package config

// The raw types have the shape of the file. Every key of the file is a field
// here, with its name in the tag yaml.
//
// A field whose type is a setter is checked as it is read; what concerns more
// than one key is checked in validate.go.

type rawFile struct {
	Clusters  []rawCluster `yaml:"clusters"`
	Alerts    rawAlerts    `yaml:"alerts"`
	StateFile string       `yaml:"state_file"`
	Web       rawWeb       `yaml:"web"`
}

type rawCluster struct {
	Name      clusterName   `yaml:"name"`
	Kafka     rawKafka      `yaml:"kafka"`
	ZooKeeper *rawZooKeeper `yaml:"zookeeper"`
	Poll      rawPoll       `yaml:"poll"`
	Topics    rawTopics     `yaml:"topics"`
	Groups    rawGroups     `yaml:"groups"`
	Rebalance rawRebalance  `yaml:"rebalance"`
}

type rawKafka struct {
	Brokers  []hostPort   `yaml:"brokers"`
	Version  kafkaVersion `yaml:"version"`
	Flavour  Flavour      `yaml:"flavour"`
	Listener string       `yaml:"listener"`
	// MinInsyncReplicas 0 stands for left out.
	MinInsyncReplicas count   `yaml:"min_insync_replicas"`
	TLS               rawTLS  `yaml:"tls"`
	SASL              rawSASL `yaml:"sasl"`
}

type rawZooKeeper struct {
	Servers         []hostPort       `yaml:"servers"`
	Chroot          znode            `yaml:"chroot"`
	TLS             rawTLS           `yaml:"tls"`
	Auth            rawZooKeeperAuth `yaml:"auth"`
	AdminServerPort portOrNone       `yaml:"admin_server_port"`
	AllMetrics      bool             `yaml:"all_metrics"`
}

type rawPoll struct {
	Interval period `yaml:"interval"`
	// Timeout 0 stands for left out: its default depends on Interval.
	Timeout period `yaml:"timeout"`
}

type rawTopics struct {
	Include      pattern      `yaml:"include"`
	Exclude      pattern      `yaml:"exclude"`
	PerPartition PerPartition `yaml:"per_partition"`
}

type rawGroups struct {
	Include                  pattern        `yaml:"include"`
	Exclude                  pattern        `yaml:"exclude"`
	PerPartition             bool           `yaml:"per_partition"`
	Watch                    []groupName    `yaml:"watch"`
	DiscoverFromOffsetsTopic bool           `yaml:"discover_from_offsets_topic"`
	Objectives               []rawObjective `yaml:"objectives"`
	Quiet                    pattern        `yaml:"quiet"`
}

type rawObjective struct {
	Match    pattern  `yaml:"match"`
	MaxLag   period   `yaml:"max_lag"`
	Severity Severity `yaml:"severity"`
}

type rawRebalance struct {
	Mode                    Mode         `yaml:"mode"`
	Threshold               fraction     `yaml:"threshold"`
	PersistFor              duration     `yaml:"persist_for"`
	Settle                  duration     `yaml:"settle"`
	MaxRegistrationsPerHour natural      `yaml:"max_registrations_per_hour"`
	SlowProbe               rawSlowProbe `yaml:"slow_probe"`
	BrokerLeft              duration     `yaml:"broker_left"`
	Cooldown                duration     `yaml:"cooldown"`
	MaxRunsPerHour          count        `yaml:"max_runs_per_hour"`
	BatchSize               count        `yaml:"batch_size"`
	BatchPause              duration     `yaml:"batch_pause"`
	MaxPartitionsPerMinute  count        `yaml:"max_partitions_per_minute"`
	MaxBrokersDown          limit        `yaml:"max_brokers_down"`
	MaxUnderReplicated      limit        `yaml:"max_under_replicated"`
	MaxReassigning          natural      `yaml:"max_reassigning"`
	PingPong                rawPingPong  `yaml:"ping_pong"`
	Windows                 []rawWindow  `yaml:"windows"`
	Topics                  rawFilter    `yaml:"topics"`
	ExcludeBrokers          []natural    `yaml:"exclude_brokers"`
	LockPath                znode        `yaml:"lock_path"`
}

type rawSlowProbe struct {
	Factor  multiple `yaml:"factor"`
	AtLeast duration `yaml:"at_least"`
}

type rawPingPong struct {
	Within duration `yaml:"within"`
	Times  count    `yaml:"times"`
}

type rawWindow struct {
	Cron     cronSpec `yaml:"cron"`
	Duration period   `yaml:"duration"`
	TimeZone timeZone `yaml:"time_zone"`
}

type rawFilter struct {
	Include pattern `yaml:"include"`
	Exclude pattern `yaml:"exclude"`
}

type rawAlerts struct {
	Evaluate       bool              `yaml:"evaluate"`
	RuleFiles      []string          `yaml:"rule_files"`
	Alertmanagers  []rawAlertmanager `yaml:"alertmanagers"`
	ExternalLabels map[string]string `yaml:"external_labels"`
}

type rawAlertmanager struct {
	URL       httpURL      `yaml:"url"`
	BasicAuth rawBasicAuth `yaml:"basic_auth"`
	TLS       rawTLS       `yaml:"tls"`
}

type rawBasicAuth struct {
	Username     string `yaml:"username"`
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
}

type rawWeb struct {
	ExternalURL httpURL `yaml:"external_url"`
}

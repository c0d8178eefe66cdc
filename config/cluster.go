package config

import (
	"reflect"
	"regexp"
	"time"
)

// Cluster is the validated configuration of one Kafka cluster and of the
// ZooKeeper ensemble under it.
type Cluster struct {
	// Name is unique within a Config; it is the value of the kafka_cluster label.
	Name  string
	Kafka Kafka
	// ZooKeeper is nil when the ensemble is not to be talked to. This says
	// nothing about whether the cluster has one.
	ZooKeeper *ZooKeeper
	Poll      Poll
	Topics    Topics
	Groups    Groups
	Rebalance Rebalance
	// Shard is this evenkeel's share, which no file tells: files are shared.
	Shard Shard
}

// Equal reports whether two configurations say the same, so that a reload can
// keep the watcher of a cluster that has not changed.
//
// Comparing deeply covers keys that are added later. It is sound for regular
// expressions too: equal texts compile to equal programs, and a Regexp keeps no
// trace of its use.
func (c Cluster) Equal(o Cluster) bool { return reflect.DeepEqual(c, o) }

// Kafka says how the brokers are reached.
type Kafka struct {
	// Brokers are the bootstrap brokers as HOST:PORT; empty when they are to be
	// learned from ZooKeeper.
	Brokers []string
	// Version is a release of Kafka such as 0.9.0.1, 2.8.1 or 3.9, from 0.8.2 on,
	// or VersionAuto to detect it.
	Version string
	// Flavour is the kind of service that speaks the protocol.
	Flavour Flavour
	// Listener is the name of the listener to use from a broker's registration;
	// "" leaves the choice to what the bootstrap brokers advertise.
	Listener string
	// MinInsyncReplicas is what the brokers have as min.insync.replicas in
	// server.properties, for brokers that cannot tell it; 0 where it was left out.
	MinInsyncReplicas int
	TLS               TLS
	SASL              SASL
}

// VersionAuto is the Version to be detected.
const VersionAuto = "auto"

// Flavour is the kind of service that speaks Kafka's protocol.
type Flavour string

// The values of Flavour: to be detected; Kafka itself; and a service that speaks
// its protocol alone, without preferred leaders and without an ISR of its own.
const (
	FlavourAuto     Flavour = "auto"
	FlavourKafka    Flavour = "kafka"
	FlavourProtocol Flavour = "protocol"
)

// TLS says how a connection is encrypted and the other side identified. Paths
// are those of PEM files, which are read anew for each connection.
type TLS struct {
	Enabled bool
	// CAFile "" stands for the system's certificates.
	CAFile string
	// CertFile and KeyFile are set together, or neither is.
	CertFile string
	KeyFile  string
	// ServerName is the name that the certificate must have; "" for the host that
	// is dialled.
	ServerName         string
	InsecureSkipVerify bool
}

// ZooKeeper says how the servers of the ensemble are reached.
type ZooKeeper struct {
	// Servers holds each server once, as HOST:PORT; never empty.
	Servers []string
	// Chroot is the znode under which Kafka keeps its own, such as /kafka; ""
	// stands for the root, so that Chroot + "/brokers" is always a path.
	Chroot string
	TLS    TLS
	Auth   ZooKeeperAuth
	// AdminServerPort is the port of the AdminServer on every server; 0: do not ask it.
	AdminServerPort int
	// AllMetrics asks for every metric that a server offers.
	AllMetrics bool
}

// ZooKeeperAuth says how evenkeel identifies itself to the ensemble; an empty
// Username stands for not at all.
type ZooKeeperAuth struct {
	// Scheme is always digest.
	Scheme   string
	Username string
	// PasswordFile is set where Username is. It is read anew for each session.
	PasswordFile string
}

// Poll says how often a cluster is read and how long one reading may take.
// Timeout does not exceed Interval unless Interval is under one second.
type Poll struct {
	Interval time.Duration
	Timeout  time.Duration
}

// Filter chooses names by two regular expressions. Neither is anchored: a match
// anywhere in the name counts, as in kafka_exporter's filters, so "^" and "$"
// have to be written where they are meant. The zero Filter matches every name.
type Filter struct {
	// Include nil matches every name.
	Include *regexp.Regexp
	// Exclude nil matches no name.
	Exclude *regexp.Regexp
}

// Match reports whether name is included and not excluded.
func (f Filter) Match(name string) bool {
	return (f.Include == nil || f.Include.MatchString(name)) &&
		(f.Exclude == nil || !f.Exclude.MatchString(name))
}

// Topics says which topics are reported, and whether partition by partition.
type Topics struct {
	Filter
	PerPartition PerPartition
}

// PerPartition says whether topics have series for each of their partitions.
type PerPartition string

// The values of PerPartition. Auto drops the series of partitions in clusters
// that have too many of them.
const (
	PerPartitionAuto PerPartition = "auto"
	PerPartitionOn   PerPartition = "true"
	PerPartitionOff  PerPartition = "false"
)

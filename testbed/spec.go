package testbed

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Spec says which cluster to start. The zero value is Kafka 0.9.0.1 with two
// brokers on three servers of ZooKeeper 3.4.6.
type Spec struct {
	// Kafka is a release of KafkaReleases; default DefaultKafka.
	Kafka string
	// ZooKeeper is a release of ZooKeeperReleases; default PairedZooKeeper of
	// the Kafka release. It is ignored where Kafka runs without ZooKeeper (4.x).
	ZooKeeper string
	// ZooKeepers is the number of ZooKeeper servers; default 3. One runs
	// standalone.
	ZooKeepers int
	// Observers is the number of further ZooKeeper servers, which follow without
	// a vote. There must be two voters or more.
	Observers int
	// ZooKeeperOptions are further flags of the JVMs of ZooKeeper, such as
	// "-Dreadonlymode.enabled=true".
	ZooKeeperOptions []string
	// Brokers is their number, with the ids 0 to n-1; default 2. Without
	// ZooKeeper they are combined nodes, broker and controller in one, and the
	// default is 3, because two voters stand no loss.
	Brokers int
	// KRaft runs Kafka without ZooKeeper, for the releases that know both ways
	// (3.3.2 and 3.9.2); 4.x knows no other.
	KRaft bool
	// Controllers is the number of separate controllers without ZooKeeper, with
	// the ids 3000, 3001 and so on; the brokers then are brokers alone. 0: the
	// brokers are the controllers.
	Controllers int
	// ZooKeeperOnly starts no brokers.
	ZooKeeperOnly bool
	// OneJVM runs all ZooKeeper servers in one JVM. This is faster and takes
	// less memory, but they cannot be killed or frozen singly.
	OneJVM bool
	// AdminServer switches ZooKeeper's AdminServer on, for releases from 3.5.
	AdminServer bool
	// Chroot is the path in ZooKeeper under which Kafka keeps its data, such as
	// "/kafka"; it is created.
	Chroot string
	// Properties are further settings for all brokers, and for separate
	// controllers; they override the testbed's own.
	Properties map[string]string
	// BrokerProperties are settings for single brokers, by id; they override
	// Properties.
	BrokerProperties map[int]map[string]string
	// ZooKeeperProperties are further settings for all ZooKeeper servers.
	ZooKeeperProperties map[string]string
	// BrokerOptions are further flags of the brokers' JVMs.
	BrokerOptions []string
	// Listeners are further listeners of every broker, for clients that log in.
	Listeners []Listener
	// Users are the passwords of those who log in with PLAIN and SCRAM, by name.
	Users map[string]string
	// OAuthClients are the secrets of those who get tokens for OAUTHBEARER, by
	// client id, which is the user's name as well.
	OAuthClients map[string]string
	// Authorizer has the brokers deny what no ACL allows to users of Listeners;
	// see Allow.
	Authorizer bool
	// ZooKeeperTLS gives every ZooKeeper server a second port, with TLS, for
	// releases from 3.5; the brokers and the testbed stay on the first. Clients
	// show a certificate, unless ZooKeeperProperties sets ssl.clientAuth=none.
	ZooKeeperTLS bool
	// Wires has clients reach every broker through a Wire; see Cluster.Wire.
	Wires bool
	// ZooKeeperWires puts wires before the ZooKeeper servers, one each for clients
	// and one each for every broker; see Cluster.ZooKeeperWire and
	// Cluster.ZooKeeperWiresOf.
	ZooKeeperWires bool
	// LogDirs is the number of disks of every broker, the folders in its log.dirs;
	// default 1. Without ZooKeeper the metadata log lies beside them.
	LogDirs int
	// LogDirBytes gives every disk this size, by a file system of its own in
	// memory, which needs root on Linux; default 0: as large as the machine's. Leave
	// room for Kafka's own topics and their indexes: 16 MiB are enough.
	LogDirBytes int64
	// MovableClocks lets Server.MoveClock move the clocks of the cluster's servers.
	// It needs Linux and a C compiler.
	MovableClocks bool
	// Dir is where data, settings and logs go: a folder that is empty or does
	// not exist yet, and that stays. Empty: a temporary one that Stop removes.
	Dir string
	// Log is given lines about progress; nil: none.
	Log io.Writer
}

// withDefaults returns the spec filled in, and the Kafka release.
func (s Spec) withDefaults() (Spec, kafkaRelease, error) {
	if s.Kafka == "" {
		s.Kafka = DefaultKafka
	}
	rel, err := findKafka(s.Kafka)
	if err != nil {
		return s, rel, err
	}
	if s.KRaft {
		if !rel.knowsKRaft() {
			return s, rel, fmt.Errorf("testbed: Kafka %s does not run without ZooKeeper", rel.version)
		}
		rel.zookeeper = ""
	}
	if s.Brokers == 0 {
		s.Brokers = 2
		if rel.kraft() && s.Controllers == 0 {
			s.Brokers = 3
		}
	}
	if s.ZooKeepers == 0 {
		s.ZooKeepers = 3
	}
	if s.ZooKeeper == "" {
		s.ZooKeeper = rel.zookeeper
	}
	if s.ZooKeeperOnly {
		s.Brokers = 0
	}
	if rel.kraft() {
		s.ZooKeepers, s.ZooKeeper, s.Observers = 0, "", 0
	}
	if s.LogDirs == 0 {
		s.LogDirs = 1
	}
	s.Chroot = strings.TrimRight(s.Chroot, "/")
	return s, rel, s.check(rel)
}

func (s Spec) check(rel kafkaRelease) error {
	errs := []error{s.checkSecurity(rel)}
	if s.ZooKeepers < 0 || s.Brokers < 0 {
		errs = append(errs, fmt.Errorf("testbed: %d ZooKeeper servers and %d brokers: neither may be negative", s.ZooKeepers, s.Brokers))
	}
	if s.Observers < 0 || s.Controllers < 0 {
		errs = append(errs, fmt.Errorf("testbed: %d observers and %d controllers: neither may be negative", s.Observers, s.Controllers))
	}
	if s.Observers > 0 && s.ZooKeepers < 2 {
		errs = append(errs, errors.New("testbed: observers need an ensemble of two voters or more to observe"))
	}
	if s.Chroot != "" && !strings.HasPrefix(s.Chroot, "/") {
		errs = append(errs, fmt.Errorf("testbed: chroot %q must begin with a slash", s.Chroot))
	}
	if s.LogDirs < 0 || s.LogDirBytes < 0 {
		errs = append(errs, fmt.Errorf("testbed: %d disks of %d bytes: neither may be negative", s.LogDirs, s.LogDirBytes))
	}
	if s.LogDirs > 1 && rel.kraft() && !rel.severalDisks() {
		errs = append(errs, fmt.Errorf("testbed: Kafka %s has one disk without ZooKeeper; 3.7 and later may have several", rel.version))
	}
	for id := range s.BrokerProperties {
		if id < 0 || id >= s.Brokers {
			errs = append(errs, fmt.Errorf("testbed: properties for broker %d, but the brokers are 0 to %d", id, s.Brokers-1))
		}
	}
	if rel.kraft() {
		if s.ZooKeeperOnly {
			errs = append(errs, fmt.Errorf("testbed: Kafka %s runs without ZooKeeper: nothing to start", rel.version))
		}
		return errors.Join(errs...)
	}
	if s.Controllers > 0 {
		errs = append(errs, fmt.Errorf("testbed: separate controllers are for Kafka without ZooKeeper; with %s see Spec.KRaft", rel.version))
	}
	if s.AdminServer && s.OneJVM {
		errs = append(errs, errors.New("testbed: the AdminServers need a JVM each: their port is a setting of the JVM"))
	}
	if s.AdminServer && strings.HasPrefix(s.ZooKeeper, "3.4.") {
		errs = append(errs, fmt.Errorf("testbed: ZooKeeper %s has no AdminServer; 3.5 and later have", s.ZooKeeper))
	}
	return errors.Join(append(errs, checkZooKeeper(s.ZooKeeper))...)
}

package cluster

import "time"

// BrokerStatus says how a broker is, and if it is not well, why.
type BrokerStatus string

// The states of a broker. Unregistered and fenced, the cluster's own words, go
// before whatever our probe says.
const (
	BrokerAlive         BrokerStatus = "alive"
	BrokerUnregistered  BrokerStatus = "unregistered"
	BrokerFenced        BrokerStatus = "fenced"
	BrokerUnresolvable  BrokerStatus = "unresolvable"
	BrokerRefused       BrokerStatus = "refused"
	BrokerTimeout       BrokerStatus = "timeout"
	BrokerTLSError      BrokerStatus = "tls_error"
	BrokerAuthError     BrokerStatus = "auth_error"
	BrokerProtocolError BrokerStatus = "protocol_error"
	BrokerUnknown       BrokerStatus = "unknown"
)

// BrokerStatuses lists every state, in the order in which they are shown.
var BrokerStatuses = []BrokerStatus{
	BrokerAlive, BrokerUnregistered, BrokerFenced, BrokerUnresolvable, BrokerRefused, BrokerTimeout,
	BrokerTLSError, BrokerAuthError, BrokerProtocolError, BrokerUnknown,
}

// Endpoint is one address of a broker's registration.
type Endpoint struct {
	Listener string // listener name; before Kafka 0.10.2 the same as the protocol
	Protocol string // PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL
	Host     string
	Port     int
}

// Registration is what the cluster says of a broker that belongs to it: its
// ephemeral znode /brokers/ids/ID, or where no ZooKeeper is asked, what brokers
// tell of each other.
type Registration struct {
	ID int32
	// Version is that of the znode's JSON: 1 is Kafka 0.8, 2 is 0.9, 3 is 0.10.0,
	// 4 is 0.10.2 to 2.6, 5 is later; 0 where there is no znode.
	Version   int
	Endpoints []Endpoint
	Rack      string // "" where there is none
	// Fenced: the controller knows the broker and lets it serve nobody (KRaft).
	Fenced     bool
	Registered time.Time // creation of the znode, by the ensemble's clock; zero where there is none
	Session    int64     // czxid of the znode: another one means that the broker registered anew; 0 where there is none
}

// Controller says whether a controller is active, and who it is.
type Controller struct {
	ID     int32 // broker id; meaningless when there is none or it is not Named
	Exists bool
	Named  bool // ID holds: without ZooKeeper's word, brokers prove that there is a controller and do not tell who
}

// Probe is our own view of a broker: one small request, sent to the address that
// it advertises.
type Probe struct {
	Status BrokerStatus  // BrokerAlive when it answered, else why not; BrokerUnknown when there was nothing to ask
	Took   time.Duration // time from request to answer; meaningful when it answered
	Ended  time.Time     // when it had answered, or failed
	Err    error
}

// Answered says whether the broker answered the probe.
func (p Probe) Answered() bool { return p.Status == BrokerAlive }

// Broker is a known broker: one that stands in an assignment or in the registry,
// or did so within the last 24 hours.
type Broker struct {
	ID           int32
	Address      string        // host:port we probed; "" when no address is known
	Rack         string        // as it last registered
	Registration *Registration // nil when it is not registered, or when the registry was not read
	RegistryRead bool          // false: whether it is registered is unknown
	Release      string        // MAJOR.MINOR as it told it in this poll; ""
	Probe        Probe
}

// Registered returns whether the broker is registered and not fenced, and whether
// that is known.
func (b *Broker) Registered() (registered, known bool) {
	return b.Registration != nil && !b.Registration.Fenced, b.RegistryRead
}

// Up returns whether the broker is up: not as soon as the probe fails or the
// registry lacks it, and so when both say yes. It is unknown when the broker
// answers and the registry cannot be read, and when there was no address to ask.
func (b *Broker) Up() (up, known bool) {
	registered, read := b.Registered()
	switch {
	case read && !registered:
		return false, true
	case !b.Probe.Answered():
		return false, b.Probe.Status != BrokerUnknown
	default:
		return read, read
	}
}

// Status returns the one state that the broker is in.
func (b *Broker) Status() BrokerStatus {
	switch {
	case b.RegistryRead && b.Registration == nil:
		return BrokerUnregistered
	case b.RegistryRead && b.Registration.Fenced:
		return BrokerFenced
	case b.Probe.Answered() && !b.RegistryRead:
		// It answers us, but a broker that lost its registration answers as
		// well. "alive" would be a guess.
		return BrokerUnknown
	default:
		return b.Probe.Status
	}
}

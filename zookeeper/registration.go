package zookeeper

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/cluster"
)

// registrationJSON is the data of /brokers/ids/ID. Kafka 0.8 has host and port,
// 0.9 added endpoints, 0.10.0 the rack, 0.10.2 listener names with a map from
// these to protocols. Later releases keep host and port for old clients: null and
// -1 when no listener is in plain text.
type registrationJSON struct {
	Version   int               `json:"version"`
	Host      string            `json:"host"`
	Port      int               `json:"port"`
	Endpoints []string          `json:"endpoints"`
	Protocols map[string]string `json:"listener_security_protocol_map"`
	Rack      string            `json:"rack"`
}

// parseRegistration reads a broker's registration. With an error the registration
// has no endpoints but is there: the broker is registered, whatever it wrote.
func parseRegistration(id int32, data []byte) (*cluster.Registration, error) {
	r := &cluster.Registration{ID: id}
	var raw registrationJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return r, err
	}
	r.Version, r.Rack = raw.Version, raw.Rack
	if raw.Version < 1 {
		return r, fmt.Errorf("registration of version %d", raw.Version)
	}
	if len(raw.Endpoints) == 0 {
		if !isPort(raw.Port) {
			return r, errors.New("registration without an endpoint")
		}
		const plain = "PLAINTEXT" // 0.8 speaks nothing else
		r.Endpoints = []cluster.Endpoint{{Listener: plain, Protocol: plain, Host: raw.Host, Port: raw.Port}}
		return r, nil
	}
	endpoints := make([]cluster.Endpoint, 0, len(raw.Endpoints))
	for _, text := range raw.Endpoints {
		e, err := parseEndpoint(text, raw.Protocols)
		if err != nil {
			return r, err
		}
		endpoints = append(endpoints, e)
	}
	r.Endpoints = endpoints
	return r, nil
}

// parseEndpoint reads LISTENER://host:port, where an IPv6 address stands in
// brackets and the host may be empty. Without a map the listener's name is that of
// its protocol.
func parseEndpoint(text string, protocols map[string]string) (cluster.Endpoint, error) {
	listener, address, found := strings.Cut(text, "://")
	colon := strings.LastIndexByte(address, ':')
	if !found || listener == "" || colon < 0 {
		return cluster.Endpoint{}, fmt.Errorf("endpoint %.80q is not LISTENER://host:port", text)
	}
	port, err := strconv.Atoi(address[colon+1:])
	if err != nil || !isPort(port) {
		return cluster.Endpoint{}, fmt.Errorf("endpoint %.80q has no valid port", text)
	}
	host := strings.TrimSuffix(strings.TrimPrefix(address[:colon], "["), "]")
	protocol := listener
	if len(protocols) > 0 {
		if protocol = protocols[listener]; protocol == "" {
			return cluster.Endpoint{}, fmt.Errorf("endpoint %.80q is of a listener without a protocol", text)
		}
	}
	return cluster.Endpoint{Listener: listener, Protocol: protocol, Host: host, Port: port}, nil
}

func isPort(n int) bool { return n > 0 && n < 1<<16 }

// parseController reads /controller, which names the broker that has the office.
func parseController(data []byte) (cluster.Controller, error) {
	var raw struct {
		Broker *int32 `json:"brokerid"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return cluster.Controller{}, err
	}
	if raw.Broker == nil || *raw.Broker < 0 {
		return cluster.Controller{}, errors.New("it names no broker")
	}
	return cluster.Controller{ID: *raw.Broker, Exists: true, Named: true}, nil
}

// parseClusterID reads /cluster/id.
func parseClusterID(data []byte) (string, error) {
	var raw struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return "", err
	}
	if raw.ID == "" {
		return "", errors.New("it holds no id")
	}
	return raw.ID, nil
}

// parseID reads a number that is a znode's name or a key, in the one form in which
// Kafka writes it: 00 beside 0 would be two names of one broker or partition.
func parseID(name string) (int32, error) {
	id, err := strconv.ParseInt(name, 10, 32)
	if err != nil || id < 0 || strconv.FormatInt(id, 10) != name {
		return 0, fmt.Errorf("%.40q is no id", name)
	}
	return int32(id), nil
}

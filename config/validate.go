package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// config makes the validated configuration. What is left to check here is what
// concerns more than one key, or a key that is not there.
func (d *decoder) config(raw *rawFile) (*Config, error) {
	if len(raw.Clusters) == 0 {
		return nil, d.errorf("clusters", "required: a list of at least one cluster")
	}
	alerts, err := d.alerts("alerts", raw.Alerts)
	if err != nil {
		return nil, err
	}
	cfg := &Config{
		Alerts:    alerts,
		StateFile: raw.StateFile,
		Web:       Web{ExternalURL: string(raw.Web.ExternalURL)},
	}
	places := make(map[string]string)
	for i := range raw.Clusters {
		path := fmt.Sprintf("clusters[%d]", i)
		c, err := d.cluster(path, &raw.Clusters[i])
		if err != nil {
			return nil, err
		}
		if other, taken := places[c.Name]; taken {
			return nil, d.errorf(path+".name", "%q is the name of %s already; every cluster must have its own", c.Name, other)
		}
		places[c.Name] = path
		cfg.Clusters = append(cfg.Clusters, c)
	}
	return cfg, nil
}

func (d *decoder) cluster(path string, raw *rawCluster) (Cluster, error) {
	if raw.Name == "" {
		return Cluster{}, d.errorf(path+".name", "required: a name that no other cluster has")
	}
	kafka, err := d.kafka(path+".kafka", raw.Kafka)
	if err != nil {
		return Cluster{}, err
	}
	if raw.ZooKeeper == nil && len(kafka.Brokers) == 0 {
		return Cluster{}, d.errorf(path+".kafka.brokers", "required where ZooKeeper is left out: a list of bootstrap brokers as HOST:PORT")
	}
	zookeeper, err := d.zookeeper(path+".zookeeper", raw.ZooKeeper)
	if err != nil {
		return Cluster{}, err
	}
	poll, err := d.poll(path+".poll", raw.Poll)
	if err != nil {
		return Cluster{}, err
	}
	if err := d.rebalance(path+".rebalance", &raw.Rebalance); err != nil {
		return Cluster{}, err
	}
	return Cluster{
		Name:      string(raw.Name),
		Kafka:     kafka,
		ZooKeeper: zookeeper,
		Poll:      poll,
		Topics: Topics{
			Filter:       Filter{raw.Topics.Include.regexp(), raw.Topics.Exclude.regexp()},
			PerPartition: raw.Topics.PerPartition,
		},
		Groups:    raw.Groups.validated(),
		Rebalance: raw.Rebalance.validated(),
	}, nil
}

func (d *decoder) kafka(path string, raw rawKafka) (Kafka, error) {
	brokers, err := d.servers(path+".brokers", raw.Brokers)
	if err != nil {
		return Kafka{}, err
	}
	tls, err := d.tls(path+".tls", raw.TLS)
	if err != nil {
		return Kafka{}, err
	}
	sasl, err := d.sasl(path+".sasl", raw.SASL)
	if err != nil {
		return Kafka{}, err
	}
	return Kafka{
		Brokers:           brokers,
		Version:           string(raw.Version),
		Flavour:           raw.Flavour,
		Listener:          raw.Listener,
		MinInsyncReplicas: int(raw.MinInsyncReplicas),
		TLS:               tls,
		SASL:              sasl,
	}, nil
}

// zookeeper returns nil where the ensemble is not to be talked to.
func (d *decoder) zookeeper(path string, raw *rawZooKeeper) (*ZooKeeper, error) {
	if raw == nil {
		return nil, nil
	}
	if len(raw.Servers) == 0 {
		return nil, d.errorf(path+".servers", "required: a list of the servers of the ensemble as HOST:PORT")
	}
	servers, err := d.servers(path+".servers", raw.Servers)
	if err != nil {
		return nil, err
	}
	tls, err := d.tls(path+".tls", raw.TLS)
	if err != nil {
		return nil, err
	}
	auth, err := d.zookeeperAuth(path+".auth", raw.Auth)
	if err != nil {
		return nil, err
	}
	return &ZooKeeper{
		Servers:         servers,
		Chroot:          strings.TrimSuffix(string(raw.Chroot), "/"),
		TLS:             tls,
		Auth:            auth,
		AdminServerPort: int(raw.AdminServerPort),
		AllMetrics:      raw.AllMetrics,
	}, nil
}

// servers refuses a server that is named twice: it would be asked twice, and
// its series would collide.
func (d *decoder) servers(path string, raw []hostPort) ([]string, error) {
	var servers []string
	for i, server := range raw {
		if slices.Contains(servers, string(server)) {
			return nil, d.errorf(fmt.Sprintf("%s[%d]", path, i), "%q is named twice; every server must be named once", server)
		}
		servers = append(servers, string(server))
	}
	return servers, nil
}

// poll lets the timeout exceed an interval under one second: such an interval
// asks for polls without a pause, not for answers in no time.
func (d *decoder) poll(path string, raw rawPoll) (Poll, error) {
	p := Poll{Interval: time.Duration(raw.Interval), Timeout: time.Duration(raw.Timeout)}
	short := p.Interval < time.Second
	if p.Timeout == 0 {
		p.Timeout = DefaultPollTimeout
		if !short {
			p.Timeout = min(p.Timeout, p.Interval)
		}
	}
	if p.Timeout > p.Interval && !short {
		return Poll{}, d.errorf(path+".timeout", "%s is longer than the poll interval of %s; it must not be, unless the interval is under 1s", p.Timeout, p.Interval)
	}
	return p, nil
}

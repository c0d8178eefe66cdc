package config

import (
	"fmt"
	"slices"
	"strings"
)

// taken are the znodes of Kafka and ZooKeeper themselves, below which nobody else writes.
var taken = []string{
	"admin", "brokers", "cluster", "config", "consumers", "controller", "controller_epoch", "delegation_token", "feature",
	"isr_change_notification", "kafka-acl", "kafka-acl-changes", "kafka-acl-extended", "kafka-acl-extended-changes",
	"latest_producer_id_block", "log_dir_event_notification", "migration", "zookeeper",
}

// rebalance checks what the values of single keys do not tell.
func (d *decoder) rebalance(path string, raw *rawRebalance) error {
	if first, _, _ := strings.Cut(strings.TrimPrefix(string(raw.LockPath), "/"), "/"); first == "" {
		return d.errorf(path+".lock_path", "%q is not allowed; it must be a znode of evenkeel's own, such as /evenkeel", raw.LockPath)
	} else if slices.Contains(taken, first) {
		return d.errorf(path+".lock_path", "%q is not allowed, /%s is Kafka's or ZooKeeper's own; it must be a znode of evenkeel's own, such as /evenkeel", raw.LockPath, first)
	}
	if raw.BatchSize > raw.MaxPartitionsPerMinute {
		return d.errorf(path+".batch_size", "%d is more than the max_partitions_per_minute of %d, so that no batch could ever be sent", raw.BatchSize, raw.MaxPartitionsPerMinute)
	}
	return d.windows(path+".windows", raw.Windows)
}

// windows checks that each window says when it opens, and for how long.
func (d *decoder) windows(path string, raw []rawWindow) error {
	for i, w := range raw {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case w.Cron == "":
			return d.errorf(at+".cron", "required: when the window opens, such as 0 1 * * *")
		case w.Duration == 0:
			return d.errorf(at+".duration", "required: for how long the window is open, such as 4h")
		}
	}
	return nil
}

package collectors

import (
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// operations gathers what brokers say that this user may do.
type operations struct {
	cluster kafka.Operations
	topics  []kafka.Operations
	groups  []kafka.Operations
	// topicsHidden: there is proof of a topic that is not shown to this user. A
	// broker leaves out without a word what a user may not DESCRIBE.
	topicsHidden bool
}

// operations returns what a view tells of them.
func (v *view) operations() operations {
	o := operations{cluster: v.metadata.ClusterOperations}
	if v.described != nil {
		o.cluster = v.described.Operations
	}
	for _, t := range v.metadata.TopicOperations {
		o.topics = append(o.topics, t)
	}
	return o
}

// permissions returns what this user may do, of topics and groups what it may do
// with all that it can see.
func (r *reading) permissions() map[cluster.Permission]bool {
	all := map[cluster.Permission]bool{}
	tell := func(resource, operation string, op kafka.Operation, of ...kafka.Operations) {
		if allowed, told := allAllow(op, of); told {
			all[cluster.Permission{Resource: resource, Operation: operation}] = allowed
		}
	}
	o := &r.operations
	tell("cluster", "describe", kafka.OpDescribe, o.cluster)
	tell("cluster", "alter", kafka.OpAlter, o.cluster)
	tell("topic", "describe", kafka.OpDescribe, o.topics...)
	tell("topic", "describe_configs", kafka.OpDescribeConfigs, o.topics...)
	tell("group", "describe", kafka.OpDescribe, o.groups...)
	if o.topicsHidden {
		all[cluster.Permission{Resource: "topic", Operation: "describe"}] = false
	}
	return all
}

// allAllow says whether an operation is allowed on all resources; told is false
// where there is none, or one of which it is not told.
func allAllow(op kafka.Operation, of []kafka.Operations) (allowed, told bool) {
	allowed = true
	for _, o := range of {
		if !o.Told() {
			return false, false
		}
		allowed = allowed && o.Has(op)
	}
	return allowed, len(of) > 0
}

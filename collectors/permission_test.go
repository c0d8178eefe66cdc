package collectors

import (
	"maps"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

func TestPermissionsAreToldAsFarAsBrokersTell(t *testing.T) {
	all := kafka.OperationsOf(kafka.OpDescribe, kafka.OpDescribeConfigs, kafka.OpAlter)
	describe, none := kafka.OperationsOf(kafka.OpDescribe), kafka.OperationsOf()
	var untold kafka.Operations
	of := func(resource, operation string) cluster.Permission {
		return cluster.Permission{Resource: resource, Operation: operation}
	}
	for name, c := range map[string]struct {
		operations operations
		want       map[cluster.Permission]bool
	}{
		"nothing is told":     {operations{topics: []kafka.Operations{untold}, groups: []kafka.Operations{untold}}, nil},
		"there is nothing":    {operations{}, nil},
		"one topic is untold": {operations{topics: []kafka.Operations{all, untold}}, nil},
		"the cluster":         {operations{cluster: describe}, map[cluster.Permission]bool{of("cluster", "describe"): true, of("cluster", "alter"): false}},
		"one topic without": {operations{topics: []kafka.Operations{all, describe, all}},
			map[cluster.Permission]bool{of("topic", "describe"): true, of("topic", "describe_configs"): false}},
		"the first group without":     {operations{groups: []kafka.Operations{none, describe}}, map[cluster.Permission]bool{of("group", "describe"): false}},
		"hidden, and nothing is told": {operations{topicsHidden: true}, map[cluster.Permission]bool{of("topic", "describe"): false}},
		"hidden, though those that are seen allow it": {operations{topicsHidden: true, topics: []kafka.Operations{all}},
			map[cluster.Permission]bool{of("topic", "describe"): false, of("topic", "describe_configs"): true}},
	} {
		if got := (&reading{operations: c.operations}).permissions(); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What DescribeCluster tells goes before what metadata of older releases has.
func TestPermissionsOfTheClusterHaveTwoSources(t *testing.T) {
	f := newKRaft()
	f.identity.DescribesCluster = false
	f.metadata = func() *kafka.Metadata {
		m := metadataOf()
		m.ClusterOperations = kafka.OperationsOf(kafka.OpAlter)
		return m
	}
	alter := cluster.Permission{Resource: "cluster", Operation: "alter"}
	if s := kraftPoller(t, f).poll(t); !s.Permissions[alter] {
		t.Errorf("metadata allows it, %v", s.Permissions)
	}
	f.identity.DescribesCluster = true
	if s := kraftPoller(t, f).poll(t); s.Permissions[alter] {
		t.Errorf("DescribeCluster does not allow it, %v", s.Permissions)
	}
}

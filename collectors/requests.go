package collectors

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/evenkeel/evenkeel/cluster"
)

// polledAPIs are the requests that every poll may send, and the one that elects; each is
// counted from 0.
var polledAPIs = []string{
	"ApiVersions", "ConsumerGroupDescribe", "DescribeCluster", "DescribeConfigs", "DescribeGroups", "DescribeQuorum",
	"ElectLeaders", "Fetch", "ListGroups", "ListOffsets", "ListPartitionReassignments", "Metadata", "OffsetFetch",
}

// requestCounter counts the requests to brokers.
type requestCounter struct {
	mu    sync.Mutex
	byAPI map[string]cluster.RequestCount
}

func newRequestCounter() *requestCounter {
	c := &requestCounter{byAPI: map[string]cluster.RequestCount{}}
	for _, api := range polledAPIs {
		c.byAPI[api] = cluster.RequestCount{API: api}
	}
	return c
}

func (c *requestCounter) observe(api string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.byAPI[api]
	n.API = api
	n.Sent++
	if err != nil {
		n.Failed++
	}
	c.byAPI[api] = n
}

func (c *requestCounter) counts() []cluster.RequestCount {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.SortedFunc(maps.Values(c.byAPI), func(a, b cluster.RequestCount) int { return cmp.Compare(a.API, b.API) })
}

package config

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// Shard is one evenkeel's share of the groups and topics of every cluster, where
// several watch the same. Shards are counted from 0, as the pods of a StatefulSet
// are. The zero Shard is the whole.
type Shard struct {
	Index int
	Of    int // number of shards; 0 and 1 for the whole
}

// ParseShard reads i/n, such as 0/3 for the first of three shards; "" is the whole.
func ParseShard(text string) (Shard, error) {
	if text == "" {
		return Shard{}, nil
	}
	index, of, found := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(of)
	if !found || err1 != nil || err2 != nil || n < 1 || i < 0 || i >= n {
		return Shard{}, fmt.Errorf("--shard: %q is no shard; allowed: i/n with i from 0 to n-1, such as 0/3, 1/3 and 2/3 for three", text)
	}
	return Shard{Index: i, Of: n}, nil
}

// Take makes this shard's share of every cluster of the configuration, which must not
// be in use yet.
func (s Shard) Take(c *Config) {
	for i := range c.Clusters {
		c.Clusters[i].Shard = s
	}
}

// Owns says whether a group or a topic of this name belongs to the shard: whether the
// 32-bit FNV-1a hash of its bytes, modulo the number of shards, is the shard's index.
// Every name belongs to exactly one shard. The hash does not change from release to
// release, lest two evenkeels in the middle of an upgrade tell the same group, or
// none of them.
func (s Shard) Owns(name string) bool {
	if s.Of <= 1 {
		return true
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum32()%uint32(s.Of) == uint32(s.Index)
}

// First says whether this shard tells what there is only one of in a cluster.
func (s Shard) First() bool { return s.Index == 0 }

// Whole says whether there is only one shard.
func (s Shard) Whole() bool { return s.Of <= 1 }

// String spells the shard as ParseShard reads it.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, max(s.Of, 1)) }

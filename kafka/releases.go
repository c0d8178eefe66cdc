package kafka

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// release is a release of Kafka, as it shows in what its brokers know.
type release struct {
	name string // two numbers; three for 0.10
	mark mark
	// brings has the newest forms of the requests that we send which came with it. Fetch
	// goes to none that is newer than 0.10.1.
	brings map[kmsg.Key]int16
}

// mark is what a release is recognised by. Marks were chosen among the forms that
// every broker of the release knows, with ZooKeeper or in KRaft, whatever features
// are switched on.
type mark struct {
	key     kmsg.Key
	version int16
	// level is the metadata.version that came with the release, where the brokers
	// of one mode have no other mark; 0 for none.
	level int16
}

// releases lists all releases, oldest first. The forms are those of Kafka's message
// definitions; the levels those of its MetadataVersion.
var releases = []release{
	{"0.8", mark{key: kmsg.Metadata}, map[kmsg.Key]int16{
		kmsg.Fetch: 0, kmsg.ListOffsets: 0, kmsg.Metadata: 0, kmsg.OffsetFetch: 1,
	}},
	{"0.9", mark{key: kmsg.ListGroups}, map[kmsg.Key]int16{kmsg.Fetch: 1, kmsg.ListGroups: 0, kmsg.DescribeGroups: 0}},
	{"0.10.0", mark{key: kmsg.ApiVersions}, map[kmsg.Key]int16{kmsg.Fetch: 2, kmsg.Metadata: 1}},
	{"0.10.1", mark{key: kmsg.ListOffsets, version: 1}, map[kmsg.Key]int16{kmsg.ListOffsets: 1, kmsg.Metadata: 2}},
	{"0.10.2", mark{key: kmsg.OffsetFetch, version: 2}, map[kmsg.Key]int16{kmsg.OffsetFetch: 2}},
	{"0.11", mark{key: kmsg.Metadata, version: 4}, map[kmsg.Key]int16{
		kmsg.ListOffsets: 2, kmsg.Metadata: 4, kmsg.OffsetFetch: 3, kmsg.ListGroups: 1, kmsg.DescribeGroups: 1, kmsg.DescribeConfigs: 0,
	}},
	{"1.0", mark{key: kmsg.Metadata, version: 5}, map[kmsg.Key]int16{kmsg.Metadata: 5}},
	{"1.1", mark{key: kmsg.DescribeConfigs, version: 1}, map[kmsg.Key]int16{kmsg.DescribeConfigs: 1}},
	{"2.0", mark{key: kmsg.Metadata, version: 6}, map[kmsg.Key]int16{
		kmsg.ListOffsets: 3, kmsg.Metadata: 6, kmsg.OffsetFetch: 4, kmsg.ListGroups: 2, kmsg.DescribeGroups: 2, kmsg.DescribeConfigs: 2,
	}},
	{"2.1", mark{key: kmsg.Metadata, version: 7}, map[kmsg.Key]int16{kmsg.ListOffsets: 4, kmsg.Metadata: 7, kmsg.OffsetFetch: 5}},
	{"2.2", mark{key: kmsg.ListOffsets, version: 5}, map[kmsg.Key]int16{kmsg.ListOffsets: 5, kmsg.ElectLeaders: 0}},
	{"2.3", mark{key: kmsg.Metadata, version: 8}, map[kmsg.Key]int16{kmsg.Metadata: 8, kmsg.DescribeGroups: 3}},
	{"2.4", mark{key: kmsg.Metadata, version: 9}, map[kmsg.Key]int16{
		kmsg.Metadata: 9, kmsg.OffsetFetch: 6, kmsg.DescribeGroups: 5, kmsg.ListGroups: 3, kmsg.ElectLeaders: 2, kmsg.ListPartitionReassignments: 0,
	}},
	{"2.5", mark{key: kmsg.OffsetFetch, version: 7}, map[kmsg.Key]int16{kmsg.OffsetFetch: 7}},
	{"2.6", mark{key: kmsg.ListGroups, version: 4}, map[kmsg.Key]int16{kmsg.ListGroups: 4, kmsg.DescribeConfigs: 3}},
	{"2.7", mark{key: kmsg.CreateTopics, version: 6}, nil},
	{"2.8", mark{key: kmsg.DescribeCluster}, map[kmsg.Key]int16{
		kmsg.ListOffsets: 6, kmsg.Metadata: 11, kmsg.DescribeConfigs: 4, kmsg.DescribeCluster: 0,
	}},
	{"3.0", mark{key: kmsg.OffsetFetch, version: 8}, map[kmsg.Key]int16{kmsg.ListOffsets: 7, kmsg.OffsetFetch: 8}},
	{"3.1", mark{key: kmsg.Metadata, version: 12}, map[kmsg.Key]int16{kmsg.Metadata: 12}},
	{"3.2", mark{key: kmsg.LeaveGroup, version: 5}, nil},
	{"3.3", mark{key: kmsg.DescribeACLs, version: 3}, map[kmsg.Key]int16{kmsg.DescribeQuorum: 1}},
	{"3.4", mark{key: kmsg.UpdateMetadata, version: 8, level: 8}, nil},
	{"3.5", mark{key: kmsg.ListOffsets, version: 8}, map[kmsg.Key]int16{kmsg.ListOffsets: 8}},
	{"3.6", mark{key: kmsg.AddPartitionsToTxn, version: 4}, nil},
	{"3.7", mark{key: kmsg.OffsetFetch, version: 9}, map[kmsg.Key]int16{kmsg.OffsetFetch: 9, kmsg.DescribeCluster: 1}},
	{"3.8", mark{key: kmsg.ListGroups, version: 5}, map[kmsg.Key]int16{kmsg.ListGroups: 5, kmsg.ConsumerGroupDescribe: 0}},
	{"3.9", mark{key: kmsg.ApiVersions, version: 4}, map[kmsg.Key]int16{kmsg.ListOffsets: 9, kmsg.DescribeQuorum: 2}},
	{"4.0", mark{key: kmsg.Metadata, version: 13}, map[kmsg.Key]int16{
		kmsg.ListOffsets: 10, kmsg.Metadata: 13, kmsg.DescribeGroups: 6, kmsg.DescribeCluster: 2, kmsg.ConsumerGroupDescribe: 1,
	}},
	{"4.1", mark{key: kmsg.AlterPartitionAssignments, version: 1}, nil},
	{"4.2", mark{key: kmsg.OffsetFetch, version: 10}, map[kmsg.Key]int16{kmsg.ListOffsets: 11, kmsg.OffsetFetch: 10}},
	{"4.3", mark{key: kmsg.DescribeLogDirs, version: 5}, nil},
	{"4.4", mark{key: kmsg.ApiVersions, version: 5}, nil},
}

// metadataVersion is the feature whose levels KRaft brokers tell.
const metadataVersion = "metadata.version"

// releaseOf tells the release of a broker, as MAJOR.MINOR, by the newest mark that
// it bears: a later release than those in the table counts as the last one of them.
func releaseOf(known spans, level int16) string {
	for i := len(releases) - 1; i >= 0; i-- {
		r := releases[i]
		if known.knows(r.mark.key, r.mark.version) || r.mark.level > 0 && level >= r.mark.level {
			return r.short()
		}
	}
	return ""
}

// short returns MAJOR.MINOR.
func (r release) short() string {
	major, rest, _ := strings.Cut(r.name, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return major + "." + minor
}

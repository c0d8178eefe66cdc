//go:build cluster

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// bed is a kind of cluster on which faults are played one after another.
type bed struct {
	name string
	spec func(kafka string) testbed.Spec
	// furnish makes what the cluster holds; nil: topic "test" with a few messages, and
	// groups that have read some of them.
	furnish func(s *scene)
	// config is the configuration of evenkeel's cluster but for its name and poll; nil:
	// the addresses of the cluster.
	config func(s *scene) string
	// top is what the configuration has beside the clusters; nil: nothing.
	top func(s *scene) string
}

// scene is a bed of one release: a cluster, and evenkeel watching it.
type scene struct {
	t       *testing.T // of the fault that is being played
	ctx     context.Context
	bed     *bed
	release string
	c       *testbed.Cluster
	p       *program
	file    string // evenkeel's configuration
	healthy samples
	begun   time.Time // when the present fault struck
	broken  bool      // a fault was not played to its end
	reloads int
	gone    int // brokers that will not come back
	trusted atomic.Int32
	size    size
	random  *rand.Rand
	victims []*testbed.Server // of the present fault
	undo    func()            // what begin leaves for end
	disk    *os.File          // of the state file, if it has one of its own

	watched  []string           // groups that evenkeel is told of, for releases that do not list them
	constant map[string]float64 // what is true of groups, by series, whatever happens
}

func (s *scene) kraft() bool { return s.release[0] >= '4' }

// open starts the cluster and evenkeel, unless they run already and are whole.
func (s *scene) open() {
	if s.c != nil && !s.broken {
		s.p.t = s.t
		return
	}
	s.close()
	var err error
	s.c, err = testbed.Start(s.ctx, s.bed.spec(s.release))
	must(s.t, err)
	s.trusted.Store(int32(len(s.c.Brokers()) - 1))
	furnish := s.bed.furnish
	if furnish == nil {
		furnish = (*scene).furnish
	}
	furnish(s)
	dir, err := os.MkdirTemp("", "evenkeel-faults-")
	must(s.t, err)
	s.file = filepath.Join(dir, "evenkeel.yml")
	s.configure("")
	s.p = launch(s.t, "--config.file="+s.file)
	s.p.awaitListening()
	s.whole()
	s.learnHealthy()
	s.size = s.p.size()
}

// furnish makes what most faults need: partitions with each broker as the preferred
// leader, messages, and groups that have read some of them.
func (s *scene) furnish() {
	var assignment [][]int32
	n := int32(len(s.c.Brokers()))
	for first := range n {
		var replicas []int32
		for i := range n {
			replicas = append(replicas, (first+i)%n)
		}
		assignment = append(assignment, replicas)
	}
	must(s.t, s.c.CreateTopic(s.ctx, "test", assignment))
	for p := range n {
		must(s.t, s.c.Produce(s.ctx, "test", p, furnishedMessages))
	}
	must(s.t, s.c.CommitOffset(s.ctx, "readers", "test", 0, 4))
	s.furnishGroups(n)
}

// configure writes evenkeel's configuration, in which a group's name is excluded.
func (s *scene) configure(excluded string) {
	config := s.bed.config
	if config == nil {
		config = (*scene).addresses
	}
	text := fmt.Sprintf("clusters:\n  - name: faults\n    poll: {interval: %v, timeout: %v}\n    groups: {watch: [%s], exclude: '%s'}\n%s",
		*faultInterval, *faultInterval, strings.Join(s.watched, ", "), excluded, config(s))
	if s.bed.top != nil {
		text += s.bed.top(s)
	}
	writeConfig(s.t, s.file, text)
}

// reload has evenkeel read its configuration anew, and returns when it has.
func (s *scene) reload() {
	s.t.Helper()
	const read = "evenkeel_config_last_reload_success_timestamp_seconds"
	before, err := s.p.scrape()
	must(s.t, err)
	must(s.t, s.p.cmd.Process.Signal(syscall.SIGHUP))
	s.p.await("the configuration is read", 15*time.Second, func() error {
		now, err := s.p.scrape()
		if err == nil && now.values[read] == before.values[read] {
			err = errors.New("not yet")
		}
		return err
	})
}

// addresses are where to reach the cluster.
func (s *scene) addresses() string {
	if s.kraft() {
		return fmt.Sprintf("    kafka: {brokers: [%s]}\n", strings.Join(s.c.Bootstrap(), ", "))
	}
	return fmt.Sprintf("    zookeeper: {servers: [%s]}\n", s.c.ZooKeeperConnect())
}

// close stops evenkeel and the cluster, as far as they run.
func (s *scene) close() {
	if s.p != nil {
		s.p.t = s.t
		s.p.stop()
		_ = os.RemoveAll(filepath.Dir(s.file))
	}
	if s.c != nil {
		if err := s.c.Stop(); err != nil {
			s.t.Errorf("stop the cluster: %v", err)
		}
	}
	if s.disk != nil {
		_ = s.disk.Close()
	}
	s.c, s.p, s.disk, s.broken, s.gone, s.watched, s.constant = nil, nil, nil, false, 0, nil, nil
}

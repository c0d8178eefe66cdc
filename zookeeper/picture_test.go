package zookeeper

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

const broker27 = `{"endpoints":["PLAINTEXT://127.0.0.1:9092"],"version":5}`

// elsewhere returns a choice of a picture with these topics of one partition, led by
// broker 0 and with both brokers in sync.
func elsewhere(told *cluster.Controller, topics ...string) PictureChoice {
	return func(map[int32]*cluster.Registration) PictureFunc {
		return func(_ context.Context, controller cluster.Controller) (*cluster.Picture, error) {
			*told = controller
			picture := &cluster.Picture{}
			for _, name := range topics {
				picture.Topics = append(picture.Topics, cluster.Topic{Name: name, Partitions: []cluster.Partition{{
					State: cluster.StateRecorded, Replicas: []int32{0, 1}, ISR: []int32{0, 1}, Version: cluster.NoVersion,
				}}})
			}
			return picture, nil
		}
	}
}

// readPaths counts the readings of each znode from now on.
func (z *fakeZooKeeper) readPaths() map[string]int {
	read := make(map[string]int)
	z.when(func(_ int32, path string) action {
		z.mu.Lock()
		defer z.mu.Unlock()
		read[path]++
		return answer
	})
	return read
}

func TestPictureFromElsewhere(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/brokers/ids/0", broker27)
	z.set("/kafka/admin/delete_topics/going", "")
	z.nodes["/kafka/admin/delete_topics/going"].ctime = fakeCtime // long ago
	z.set("/kafka/admin/reassign_partitions", `{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[2,0]}]}`)
	read := z.readPaths()
	var told cluster.Controller
	got := s.Registry(within(t), elsewhere(&told, "going", "t"))
	picture := mustRead(t, got.Picture)
	if told != (cluster.Controller{ID: 1, Exists: true, Named: true}) {
		t.Errorf("told of controller %+v", told)
	}
	if !picture.Topic("going").Deleting || picture.Topic("t").Deleting {
		t.Errorf("topics %+v, want the one that is marked deleted", picture.Topics)
	}
	if p := picture.Topic("t").Partition(0); !p.Reassigning || !cmp.Equal(p.Adding, []int32{2}) {
		t.Errorf("partition %+v is not being moved to broker 2", p)
	}
	if read["/kafka/brokers/topics"] != 1 || read["/kafka/brokers/topics/t"] != 0 || read[statePath("t", 0)] != 0 {
		t.Errorf("partitions were read from the registry: %v", read)
	}
	if got.Partitions.Err != nil || got.Members.Err != nil || got.Declined != nil || got.ClusterID == "" {
		t.Errorf("%+v", got)
	}
}

// Brokers leave out what this user may not DESCRIBE, and what they have not heard of
// yet. The registry has both.
func TestTopicsThatElsewhereDoesNotTell(t *testing.T) {
	for name, c := range map[string]struct {
		made   int64
		hidden bool
	}{"long there": {fakeCtime, true}, "made only now": {time.Now().UnixMilli(), false}} {
		z, s := newKafka(t)
		z.set("/kafka/brokers/ids/0", broker27)
		z.nodes["/kafka/brokers/topics/t"].ctime = c.made
		var told cluster.Controller
		got := s.Registry(within(t), elsewhere(&told, "other"))
		picture := mustRead(t, got.Picture)
		if topic := picture.Topic("t"); topic == nil || topic.Partition(0).State != cluster.StateRecorded || picture.Topic("other") == nil {
			t.Errorf("%s: topics %+v", name, picture.Topics)
		}
		if got.Hidden != c.hidden || picture.OfflineTold {
			t.Errorf("%s: hidden %v, offline replicas told %v", name, got.Hidden, picture.OfflineTold)
		}
	}
}

// TestOldMarkIsBelievedOfNewBrokersOnly holds that one old broker is enough to doubt.
func TestOldMarkIsBelievedOfNewBrokersOnly(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/admin/delete_topics/t", "")
	z.nodes["/kafka/admin/delete_topics/t"].ctime = fakeCtime
	for broker0, want := range map[string]bool{broker09: false, broker27: true} {
		z.set("/kafka/brokers/ids/0", broker0)
		if got := mustRead(t, s.Registry(within(t), nil).Picture).Topic("t").Deleting; got != want {
			t.Errorf("with %s: deleting %v, want %v", broker0, got, want)
		}
	}
}

func TestPictureThatElsewhereDeclines(t *testing.T) {
	z, s := newKafka(t)
	broken := errors.New("no answer")
	choose := func(map[int32]*cluster.Registration) PictureFunc {
		return func(ctx context.Context, _ cluster.Controller) (*cluster.Picture, error) {
			<-ctx.Done() // it has half of the time
			return nil, broken
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	got := s.Registry(ctx, choose)
	if len(mustRead(t, got.Picture).Topics) != 1 || !errors.Is(got.Declined, broken) || got.Partitions.Err != nil {
		t.Errorf("%+v", got)
	}
	z.remove("/kafka/controller")
	var told cluster.Controller
	got = s.Registry(within(t), elsewhere(&told, "x"))
	if told.Exists || mustRead(t, got.Picture).Topic("t") == nil || !errors.Is(got.Declined, errNoController) {
		t.Errorf("without a controller: asked about %+v, %+v", told, got)
	}
}

// TestPictureIsAskedAgainWhenBrokersMove holds that it is judged by brokers of its
// own moment.
func TestPictureIsAskedAgainWhenBrokersMove(t *testing.T) {
	z, s := newKafka(t)
	var seen []int
	got := s.Registry(within(t), func(brokers map[int32]*cluster.Registration) PictureFunc {
		return func(context.Context, cluster.Controller) (*cluster.Picture, error) {
			if seen = append(seen, len(brokers)); len(seen) == 1 {
				z.set("/kafka/brokers/ids/2", broker27)
			}
			return &cluster.Picture{}, nil
		}
	})
	if !cmp.Equal(seen, []int{2, 3}) || len(mustRead(t, got.Registrations)) != 3 {
		t.Errorf("asked with %v brokers", seen)
	}
}

func TestPartitionsDependOnTheMembers(t *testing.T) {
	_, s := newKafka(t)
	s.Close()
	got := s.Registry(within(t), nil)
	if !errors.Is(got.Members.Err, errClosed) || !errors.Is(got.Partitions.Err, cluster.ErrDepends) || errors.Is(got.Partitions.Err, errClosed) {
		t.Errorf("members %v, partitions %v", got.Members.Err, got.Partitions.Err)
	}
	if !errors.Is(got.Picture.Err(), cluster.ErrDepends) {
		t.Errorf("picture: %v", got.Picture.Err())
	}
}

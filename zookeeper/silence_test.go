package zookeeper

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestRegistryWhenNobodyAnswers(t *testing.T) {
	z, s := newKafka(t)
	z.when(func(int32, string) action { return hang })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	got := s.Registry(ctx, nil)
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v with 100 ms to go", took)
	}
	if Reason(got.Members.Err) != string(cluster.ServerTimeout) || got.Registrations.OK() || got.Picture.OK() {
		t.Errorf("got %+v", got)
	}
}

// TestPartitionsHang has the members answered and a state not: the members stand.
func TestPartitionsHang(t *testing.T) {
	z, s := newKafka(t)
	z.when(func(_ int32, path string) action {
		if path == statePath("t", 1) {
			return hang
		}
		return answer
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	got := s.Registry(ctx, nil)
	if len(mustRead(t, got.Registrations)) != 2 || !mustRead(t, got.Controller).Exists || got.Members.Err != nil {
		t.Errorf("members: %+v", got.Members)
	}
	if got.Picture.OK() || got.Partitions.Err == nil || !strings.Contains(got.Partitions.Err.Error(), "/kafka/brokers/topics/t/partitions/") {
		t.Errorf("picture: %v", got.Partitions.Err)
	}
}

// TestDropWhileReading loses the connection in the middle: another one is made and
// the reading goes on.
func TestDropWhileReading(t *testing.T) {
	z, s := newKafka(t)
	var once sync.Once
	z.when(func(_ int32, path string) (a action) {
		if path == statePath("t", 1) {
			once.Do(func() { a = drop })
		}
		return a
	})
	got := s.Registry(within(t), nil)
	if p := mustRead(t, got.Picture).Topic("t").Partition(1); p.State != cluster.StateRecorded {
		t.Errorf("partition %+v", p)
	}
	if greeted, _, _ := z.counts(); greeted != 2 {
		t.Errorf("%d connections, want 2", greeted)
	}
}

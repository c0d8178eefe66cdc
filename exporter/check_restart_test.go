package exporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// restartSnapshot is a cluster of three brokers, of which the third is gone, with one topic
// of so many partitions in sync on the first two.
func restartSnapshot(minISR, partitions int) *cluster.Snapshot {
	registered := map[int32]*cluster.Registration{1: {ID: 1}, 2: {ID: 2}}
	brokers := []cluster.Broker{
		{ID: 1, Registration: registered[1], RegistryRead: true}, {ID: 2, Registration: registered[2], RegistryRead: true}, {ID: 3, RegistryRead: true},
	}
	topic := cluster.Topic{Name: "orders", MinISR: minISR}
	for p := range partitions {
		topic.Partitions = append(topic.Partitions, cluster.Partition{
			ID: int32(p), State: cluster.StateRecorded, Replicas: []int32{1, 2, 3}, ISR: []int32{1, 2}, Leader: 1,
		})
	}
	picture := &cluster.Picture{Topics: []cluster.Topic{topic}}
	return &cluster.Snapshot{
		Cluster: "prod", Registrations: cluster.Read(registered), Brokers: brokers, Picture: cluster.Read(picture),
		Summary: cluster.Summarize(picture, brokers), BrokersHeard: 2,
	}
}

func TestRestartIsAnswered(t *testing.T) {
	unread := restartSnapshot(1, 1)
	unread.Picture = cluster.Failed[*cluster.Picture](errors.New("x"))
	for _, c := range []struct {
		s       *cluster.Snapshot
		broker  int32
		verdict cluster.Verdict
		says    string
	}{
		{restartSnapshot(1, 3), 1, cluster.Healthy, "broker 1 of prod: yes, it may be stopped now\n"},
		{restartSnapshot(2, 1), 1, cluster.Broken, "broker 1 of prod: no, do not stop it now\n  1 partition would be under min.insync.replicas: acks=all would fail: orders-0\n"},
		{restartSnapshot(2, 23), 2, cluster.Broken, "orders-19 and 3 more\n"},
		{restartSnapshot(2, 3), 3, cluster.Healthy, "broker 3 of prod: yes, it is not registered; nothing would change\n"},
		{restartSnapshot(0, 3), 1, cluster.Untold, "broker 1 of prod: unknown, it could not be told\n  not certain: min.insync.replicas"},
		{unread, 1, cluster.Untold, "could not be read"},
	} {
		var out strings.Builder
		verdict, err := restartReport(c.s, c.broker, CheckOptions{Out: &out})
		if err != nil || verdict != c.verdict || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v (%v):\n%swant %v with %q", verdict, err, &out, c.verdict, c.says)
		}
	}
	var out strings.Builder
	if verdict, err := restartReport(restartSnapshot(1, 1), 9, CheckOptions{Out: &out}); err == nil || verdict != cluster.Untold || out.Len() > 0 {
		t.Errorf("a broker that is not there: %v, %v, %s", verdict, err, &out)
	}
}

func TestRestartForScripts(t *testing.T) {
	var out strings.Builder
	if _, err := restartReport(restartSnapshot(2, 2), 1, CheckOptions{Out: &out, JSON: true}); err != nil {
		t.Fatal(err)
	}
	var answer checkRestart
	if err := json.Unmarshal([]byte(out.String()), &answer); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s %d %s %v %v", answer.Cluster, answer.Broker, answer.Verdict, answer.Offline, answer.UnderMinISR); got != "prod 1 no [] [orders-0 orders-1]" {
		t.Errorf("%s\n%s", got, &out)
	}
	if !strings.Contains(out.String(), `"offline": []`) {
		t.Errorf("an empty list is null:\n%s", &out)
	}
}

// TestColours: words keep their places, and there are none unless asked for.
func TestColours(t *testing.T) {
	var plain, painted strings.Builder
	c := checkCluster{apiCluster: apiCluster{Name: "prod", Verdict: "critical"}}
	c.Troubles = []apiTrouble{{Severity: "warning", Text: "slow"}}
	c.Brokers = []apiBroker{{ID: 1, Status: "alive"}, {ID: 2, Status: "refused"}}
	if err := errors.Join(writeReport(&plain, c, paintFor(false)), writeReport(&painted, c, paintFor(true))); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Errorf("colours that nobody asked for: %q", plain.String())
	}
	for _, want := range []string{"\x1b[1;31mcritical\x1b[0m", "\x1b[33mwarning\x1b[0m", "\x1b[32malive\x1b[0m", "\x1b[1;31mrefused\x1b[0m"} {
		if !strings.Contains(painted.String(), want) {
			t.Errorf("%q is not in %q", want, painted.String())
		}
	}
	bare := painted.String()
	for _, code := range []string{"\x1b[32m", "\x1b[33m", "\x1b[1;31m", "\x1b[90m", "\x1b[0m"} {
		bare = strings.ReplaceAll(bare, code, "")
	}
	if bare != plain.String() {
		t.Errorf("with colours it reads\n%s\nwithout\n%s", bare, plain.String())
	}
}

package testbed

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
)

func TestEveryReleaseHasPomAndSums(t *testing.T) {
	var want []string
	for _, set := range JarSets() {
		want = append(want, set+".sha256", set+".xml")
		pom, err := poms.ReadFile("poms/" + set + ".xml")
		if err != nil {
			t.Fatal(err)
		}
		dash := strings.LastIndexByte(set, '-')
		product, version := set[:dash], set[dash+1:]
		if !strings.Contains(string(pom), "<version>"+version+"</version>") {
			t.Errorf("%s.xml does not name version %s", set, version)
		}
		for _, floating := range []string{"LATEST", "RELEASE", "SNAPSHOT", "[", "${"} {
			if strings.Contains(string(pom), floating) {
				t.Errorf("%s.xml holds %q: every version is pinned", set, floating)
			}
		}
		sums, err := poms.ReadFile("poms/" + set + ".sha256")
		if err != nil {
			t.Fatal(err)
		}
		if !hasJar(string(sums), product, version) {
			t.Errorf("%s.sha256 lacks the jar of %s itself", set, product)
		}
	}
	entries, err := fs.ReadDir(poms, "poms")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(want, e.Name()) {
			t.Errorf("poms/%s belongs to no release", e.Name())
		}
	}
}

// hasJar looks for zookeeper-VERSION.jar, kafka-tools-VERSION.jar or
// kafka_SCALA-VERSION.jar.
func hasJar(sums, product, version string) bool {
	for line := range strings.Lines(sums) {
		_, jar, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if strings.HasPrefix(jar, product) && strings.HasSuffix(jar, "-"+version+".jar") && !strings.Contains(jar, "jute") {
			return true
		}
	}
	return false
}

func TestEveryKafkaHasItsZooKeeper(t *testing.T) {
	for _, kafka := range KafkaReleases() {
		zookeeper, err := PairedZooKeeper(kafka)
		if err != nil {
			t.Fatal(err)
		}
		if kraft := strings.HasPrefix(kafka, "4."); kraft != (zookeeper == "") {
			t.Errorf("Kafka %s is paired with ZooKeeper %q", kafka, zookeeper)
		}
		if zookeeper != "" && checkZooKeeper(zookeeper) != nil {
			t.Errorf("Kafka %s is paired with ZooKeeper %s, which is not in the table", kafka, zookeeper)
		}
	}
	if _, err := PairedZooKeeper("0.7.0"); err == nil || !strings.Contains(err.Error(), "0.9.0.1") {
		t.Errorf("an unknown release gives %v, want an error that lists the known ones", err)
	}
}

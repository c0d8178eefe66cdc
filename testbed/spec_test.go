package testbed

import (
	"strings"
	"testing"
)

func TestSpecDefaults(t *testing.T) {
	spec, _, err := Spec{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if spec.Kafka != "0.9.0.1" || spec.ZooKeeper != "3.4.6" || spec.ZooKeepers != 3 || spec.Brokers != 2 {
		t.Errorf("the zero Spec is %+v", spec)
	}
	spec, rel, err := Spec{Kafka: "4.4.0", ZooKeeper: "3.4.6", ZooKeepers: 5}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if !rel.kraft() || spec.ZooKeepers != 0 || spec.ZooKeeper != "" || spec.Brokers != 3 {
		t.Errorf("without ZooKeeper the Spec is %+v", spec)
	}
	spec, _, err = Spec{ZooKeeperOnly: true, Chroot: "/a/b/"}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if spec.Brokers != 0 || spec.Chroot != "/a/b" {
		t.Errorf("ZooKeeper only: %+v", spec)
	}
}

func TestSpecMistakes(t *testing.T) {
	for want, spec := range map[string]Spec{
		`no Kafka release "9.9"`:             {Kafka: "9.9"},
		`no ZooKeeper release "3.3"`:         {ZooKeeper: "3.3"},
		"must begin with a slash":            {Chroot: "kafka"},
		"the brokers are 0 to 1":             {BrokerProperties: map[int]map[string]string{2: nil}},
		"neither may be negative":            {Brokers: -1},
		"ZooKeeper 3.4.6 has no AdminServer": {AdminServer: true},
		"need a JVM each":                    {ZooKeeper: "3.8.6", AdminServer: true, OneJVM: true},
		"nothing to start":                   {Kafka: "4.4.0", ZooKeeperOnly: true},
		"does not run without ZooKeeper":     {Kafka: "2.8.2", KRaft: true},
		"see Spec.KRaft":                     {Kafka: "3.9.2", Controllers: 3},
		"two voters or more":                 {ZooKeepers: 1, Observers: 1},
		"-1 disks":                           {LogDirs: -1},
		"has one disk without ZooKeeper":     {Kafka: "3.3.2", KRaft: true, LogDirs: 2},
		"-1 observers":                       {Observers: -1},
	} {
		if _, err := Start(t.Context(), spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error with %q", spec, err, want)
		}
	}
}

package testbed

import "testing"

func TestControllerProperties(t *testing.T) {
	spec, _, err := Spec{Kafka: "3.9.2", KRaft: true, Controllers: 2, Properties: map[string]string{"num.io.threads": "9"}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if spec.Brokers != 2 || spec.ZooKeepers != 0 {
		t.Fatalf("%d brokers, %d ZooKeeper servers", spec.Brokers, spec.ZooKeepers)
	}
	ports := []brokerPorts{{1, 2}, {3, 4}, {5, 6}, {7, 8}}
	const voters = "3000@127.0.0.1:6,3001@127.0.0.1:8"
	for part, test := range map[string]struct {
		got, want map[string]string
	}{
		"broker": {kraftProperties(spec, 1, ports, "/data"), map[string]string{
			"process.roles": "broker", "node.id": "1", "listeners": "PLAINTEXT://127.0.0.1:3", "advertised.listeners": "PLAINTEXT://127.0.0.1:3",
		}},
		"controller": {controllerProperties(spec, 3001, ports, "/data"), map[string]string{
			"process.roles": "controller", "node.id": "3001", "listeners": "CONTROLLER://127.0.0.1:8", "advertised.listeners": "",
		}},
	} {
		test.want["controller.quorum.voters"] = voters
		test.want["num.io.threads"] = "9"
		for key, want := range test.want {
			if test.got[key] != want {
				t.Errorf("%s: %s=%s, want %s", part, key, test.got[key], want)
			}
		}
	}
}

package testbed

import "testing"

func TestServerLines(t *testing.T) {
	ports := []zkPorts{{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}}
	for index, peerType := range []string{"", "", "observer"} {
		p := make(map[string]string)
		serverLines(p, Spec{Observers: 1}, index, ports)
		if p["peerType"] != peerType || p["server.2"] != "127.0.0.1:6:7" || p["server.3"] != "127.0.0.1:10:11:observer" {
			t.Errorf("server %d: %v", index+1, p)
		}
	}
}

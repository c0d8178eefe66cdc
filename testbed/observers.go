package testbed

import "fmt"

// serverLines adds to the zoo.cfg of the server with the given index what makes
// it one of an ensemble: where all its servers are, of whom the last are
// observers. A single server is given none and stands alone.
func serverLines(p map[string]string, spec Spec, index int, ports []zkPorts) {
	if len(ports) == 1 {
		return
	}
	voters := len(ports) - spec.Observers
	for i, port := range ports {
		line := fmt.Sprintf("127.0.0.1:%d:%d", port.peer, port.election)
		if i >= voters {
			line += ":observer"
		}
		p[fmt.Sprintf("server.%d", i+1)] = line
	}
	if index >= voters {
		p["peerType"] = "observer"
	}
}

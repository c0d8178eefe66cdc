package testbed

import (
	"net"
	"slices"
	"strconv"
	"testing"
)

func TestClaimPorts(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	a, err := claimPorts(20)
	if err != nil {
		t.Fatal(err)
	}
	defer a.release()
	b, err := claimPorts(20)
	if err != nil {
		t.Fatal(err)
	}
	defer b.release()
	all := append(slices.Clone(a.ports), b.ports...)
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 40 {
		t.Errorf("two clusters share ports: %d different ones of 40", n)
	}
	for _, port := range all {
		if port < lowestPort || port >= ephemeralStart() {
			t.Errorf("port %d is not between %d and %d", port, lowestPort, ephemeralStart())
		}
	}
}

func TestClaimPort(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	if claimPort(dir, port) != nil {
		t.Error("claimed a port on which somebody listens")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	lock := claimPort(dir, port)
	if lock == nil {
		t.Fatal("could not claim a free port")
	}
	if claimPort(dir, port) != nil {
		t.Error("claimed a port twice")
	}
	set := portSet{}
	set.locks = append(set.locks, lock)
	set.release()
	if again := claimPort(dir, port); again == nil {
		t.Error("could not claim a port that was given up")
	} else if err := again.Close(); err != nil {
		t.Error(err)
	}
}

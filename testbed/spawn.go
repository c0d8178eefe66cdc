package testbed

import (
	"os/exec"
	"runtime"
	"sync"
)

// SpawnerFunction is the name of the function in which the goroutine waits that
// starts all processes. It never ends; goleak users pass the name to
// goleak.IgnoreAnyFunction.
const SpawnerFunction = "github.com/evenkeel/evenkeel/testbed.spawner"

type spawnRequest struct {
	cmd  *exec.Cmd
	done chan error
}

var spawnRequests = sync.OnceValue(func() chan spawnRequest {
	requests := make(chan spawnRequest)
	go spawner(requests)
	return requests
})

// spawn starts cmd as a child that dies with this program.
func spawn(cmd *exec.Cmd) error {
	req := spawnRequest{cmd: cmd, done: make(chan error, 1)}
	spawnRequests() <- req
	return <-req.done
}

// spawner starts processes from one operating system thread for good. The
// kernel sends the parent-death signal when the thread that forked ends, not
// the process, and the Go runtime ends threads as it likes.
func spawner(requests <-chan spawnRequest) {
	runtime.LockOSThread()
	for req := range requests {
		req.cmd.SysProcAttr = childAttributes()
		req.done <- req.cmd.Start()
	}
}

package testbed

import (
	"context"
	"net"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// holdPort takes a free port of 127.0.0.1 without listening on it: who connects
// is refused, and nobody else gets the port while the file is open but
// listenHeld.
func holdPort() (held *os.File, addr string, err error) {
	syscall.ForkLock.RLock() // no process is to inherit the socket
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, "", os.NewSyscallError("socket", err)
	}
	held = os.NewFile(uintptr(fd), "held port")
	port, err := bindShared(fd)
	if err != nil {
		_ = held.Close()
		return nil, "", err
	}
	return held, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), nil
}

func bindShared(fd int) (port int, err error) {
	if err := sharePort(fd); err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	return name.(*unix.SockaddrInet4).Port, nil
}

// listenHeld listens on the port of holdPort.
func listenHeld(addr string) (net.Listener, error) {
	conf := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if outer := c.Control(func(fd uintptr) { err = sharePort(int(fd)) }); outer != nil {
			return outer
		}
		return err
	}}
	return conf.Listen(context.Background(), "tcp4", addr)
}

// sharePort lets sockets of this user that all ask for it have the same port.
func sharePort(fd int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}

package zookeeper

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-zookeeper/zk"
)

// maxWritten is how many bytes one request may have that writes. Servers close the
// connection of whoever sends more than jute.maxbuffer, by default 1 MiB.
const maxWritten = 500_000

// tooLarge is the error for what would have more bytes than that.
func tooLarge(path string, size int) error {
	return fmt.Errorf("write %s: %d bytes are too much for a znode, at most %d are written", path, size, maxWritten)
}

// acl returns who may do what with a znode that the session creates, by the rule that
// Kafka follows with zookeeper.set.acl: whoever is authenticated may do everything with
// what it created, and everybody may read it. Without authentication, everybody may do
// everything.
//
// That lets brokers do with an election what they have to, whoever they are: to read it,
// and to delete it, which is a matter of the parent's ACL alone. The parent is Kafka's.
func (s *Session) acl() []zk.ACL {
	if s.opts.Auth == nil {
		return zk.WorldACL(zk.PermAll)
	}
	return append(zk.AuthACL(zk.PermAll), zk.WorldACL(zk.PermRead)...)
}

// create makes a znode at a path without the chroot, and those above it that are
// missing. The chroot itself is Kafka's to make. That a znode is there is
// zk.ErrNodeExists.
func (s *Session) create(conn *zk.Conn, path string, data []byte, flags int32) error {
	_, err := conn.Create(s.opts.Chroot+path, data, flags, s.acl())
	if !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	for i := 1; i < len(path); i++ {
		if path[i] != '/' {
			continue
		}
		_, err := conn.Create(s.opts.Chroot+path[:i], []byte{}, 0, s.acl())
		if err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return err
		}
	}
	_, err = conn.Create(s.opts.Chroot+path, data, flags, s.acl())
	return err
}

// cleanPath returns a path that begins with a slash and does not end with one.
func cleanPath(path string) string { return "/" + strings.Trim(path, "/") }

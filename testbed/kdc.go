package testbed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// realm is the Kerberos realm of every KDC of the testbed.
const realm = "EVENKEEL.TEST"

const kdcHint = "it is needed for Kerberos; on Debian and Ubuntu: apt-get install krb5-kdc krb5-admin-server"

// KDC is a Kerberos server on loopback with a realm and a database of its own.
// Its methods may be called from several goroutines.
type KDC struct {
	dir   string
	addr  string
	admin string // path of kadmin.local
	ports *portSet
	proc  *process
	mu    sync.Mutex // one kadmin.local at a time
}

// StartKDC starts a Kerberos server with its files in dir, a folder that is
// empty or does not exist yet, and returns when it listens. The caller calls
// Stop. It needs the programs of MIT Kerberos; the error says where they come
// from.
func StartKDC(ctx context.Context, dir string) (*KDC, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	dir, err := makeEmpty(dir)
	if err != nil {
		return nil, fmt.Errorf("testbed: KDC: %w", err)
	}
	k := &KDC{dir: dir}
	if err := k.start(ctx); err != nil {
		return nil, errors.Join(err, k.Stop())
	}
	return k, nil
}

func (k *KDC) start(ctx context.Context) error {
	programs := make([]string, 3)
	for i, name := range []string{"krb5kdc", "kdb5_util", "kadmin.local"} {
		var err error
		if programs[i], err = findKerberos(name); err != nil {
			return err
		}
	}
	k.admin = programs[2]
	var err error
	if k.ports, err = claimPorts(1); err != nil {
		return err
	}
	k.addr = loopback(k.ports.take())
	if err := k.configure(); err != nil {
		return fmt.Errorf("testbed: KDC: %w", err)
	}
	create := k.command(programs[1], "-r", realm, "-P", "master", "create", "-s")
	if err := run(ctx, create[0], create[1:]...); err != nil {
		return fmt.Errorf("testbed: KDC: %w", err)
	}
	k.proc = &process{name: "the KDC", argv: k.command(programs[0], "-n", "-r", realm), log: filepath.Join(k.dir, "kdc.log")}
	if err := k.proc.start(); err != nil {
		return err
	}
	return waitFor(ctx, "start the KDC", func() error {
		if err := k.proc.ended(); err != nil {
			return permanent{err}
		}
		conn, err := net.DialTimeout("tcp", k.addr, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// findKerberos returns the path of one of MIT Kerberos's programs, which lie
// where only root's PATH leads.
func findKerberos(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	if path, err2 := exec.LookPath(filepath.Join("/usr/sbin", name)); err2 == nil {
		return path, nil
	}
	return "", fmt.Errorf("testbed: %w: %s", err, kdcHint)
}

// command returns the command line that runs a program on this KDC's files.
func (k *KDC) command(program string, args ...string) []string {
	return append([]string{"env", "KRB5_CONFIG=" + k.ConfigFile(), "KRB5_KDC_PROFILE=" + k.profile(), program}, args...)
}

// Realm returns the name of the realm.
func (k *KDC) Realm() string { return realm }

// ConfigFile returns the path of the krb5.conf with which clients find the KDC.
func (k *KDC) ConfigFile() string { return filepath.Join(k.dir, "krb5.conf") }

// AddPrincipal adds a principal, such as "alice" or "kafka/127.0.0.1"; without
// a password it gets a random key.
func (k *KDC) AddPrincipal(ctx context.Context, name, password string) error {
	args := []string{"addprinc", "-randkey", name}
	if password != "" {
		args = []string{"addprinc", "-pw", password, name}
	}
	err := k.administer(ctx, args...)
	if err != nil && password != "" {
		// It names the command line.
		err = errors.New(strings.ReplaceAll(err.Error(), password, "<password>"))
	}
	if err != nil {
		return fmt.Errorf("testbed: add the principal %s: %w", name, err)
	}
	return nil
}

// Keytab returns the path of a file with the keys of a principal, which stay as
// they are: a password goes on to work.
func (k *KDC) Keytab(ctx context.Context, name string) (string, error) {
	file := k.keytabFile(name)
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if err := k.administer(ctx, "ktadd", "-k", file, "-norandkey", name); err != nil {
		return "", fmt.Errorf("testbed: keytab of %s: %w", name, err)
	}
	return file, nil
}

func (k *KDC) keytabFile(principal string) string {
	return filepath.Join(k.dir, strings.ReplaceAll(principal, "/", "_")+".keytab")
}

// administer runs one command of kadmin.local.
func (k *KDC) administer(ctx context.Context, args ...string) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	k.mu.Lock()
	defer k.mu.Unlock()
	argv := k.command(k.admin, append([]string{"-r", realm}, args...)...)
	return run(ctx, argv[0], argv[1:]...)
}

// Stop ends the KDC and leaves its files. It may be called more than once.
func (k *KDC) Stop() error {
	var err error
	if k.proc != nil {
		err = k.proc.retire()
	}
	if k.ports != nil {
		k.ports.release()
	}
	return err
}

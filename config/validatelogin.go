package config

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// key is a key of a mapping, and whether it says anything.
type key struct {
	name  string
	given bool
}

func (d *decoder) tls(path string, raw rawTLS) (TLS, error) {
	files := []fileKey{{"ca_file", raw.CAFile}, {"cert_file", raw.CertFile}, {"key_file", raw.KeyFile}}
	if !raw.Enabled {
		idle := []key{{"server_name", raw.ServerName != ""}, {"insecure_skip_verify", raw.InsecureSkipVerify}}
		for _, f := range files {
			idle = append(idle, key{f.name, f.file != ""})
		}
		for _, k := range idle {
			if k.given {
				return TLS{}, d.errorf(path+"."+k.name, "tls.enabled is false, so this would do nothing; set enabled: true or take it out")
			}
		}
	}
	if raw.CertFile != "" && raw.KeyFile == "" {
		return TLS{}, d.errorf(path+".key_file", "required where cert_file is given: the private key of that certificate")
	}
	if raw.KeyFile != "" && raw.CertFile == "" {
		return TLS{}, d.errorf(path+".cert_file", "required where key_file is given: the certificate of that key")
	}
	return raw.validated(), d.readable(path, files...)
}

func (d *decoder) zookeeperAuth(path string, raw rawZooKeeperAuth) (ZooKeeperAuth, error) {
	if raw.Username != "" && raw.PasswordFile == "" {
		return ZooKeeperAuth{}, d.errorf(path+".password_file", "required where username is given: a file with the password")
	}
	if raw.PasswordFile != "" && raw.Username == "" {
		return ZooKeeperAuth{}, d.errorf(path+".username", "required where password_file is given: the user whose password this is")
	}
	// Digest credentials are sent as user:password. Whoever writes them so here must
	// not find the password in a log.
	if strings.Contains(raw.Username, ":") {
		return ZooKeeperAuth{}, d.errorf(path+".username", "it has a colon; ZooKeeper would take what follows for the password")
	}
	return raw.validated(), d.readable(path, fileKey{"password_file", raw.PasswordFile})
}

// fileKey is a key whose value is the path of a file; "" where it was left out.
type fileKey struct{ name, file string }

// readable makes sure that files can be opened, so that a mistyped path is told
// at the start and by config-check. What is in them is read when it is needed.
func (d *decoder) readable(path string, files ...fileKey) error {
	for _, f := range files {
		if f.file == "" {
			continue
		}
		if err := tryOpen(f.file); err != nil {
			return d.errorf(joinPath(path, f.name), "%q cannot be read: %w", f.file, cause(err))
		}
	}
	return nil
}

// cause returns what an error of a file says without the file's name, which may have line
// breaks.
func cause(err error) error {
	var op *fs.PathError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func tryOpen(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	// Before it is opened, which for a pipe would wait until somebody writes to it.
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return f.Close()
}

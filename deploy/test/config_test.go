package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/deploy/test/manifest"
)

// binary builds evenkeel once, as `make build` does.
func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var buildDir string

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "evenkeel-deploy-")
	if err != nil {
		return "", err
	}
	buildDir = dir
	if err := buildContext(dir); err != nil {
		return "", err
	}
	command := exec.Command("make", "build", "REVISION=cafe123")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make build, of what the image's build is given: %w\n%s", err, out)
	}
	return filepath.Join(dir, "bin/evenkeel"), nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if buildDir != "" {
		os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// secretFile is a file that a configuration names.
var secretFile = regexp.MustCompile(`/etc/evenkeel/(secrets|web)/[^ "'}\n]+`)

// configCheck runs `evenkeel config-check` on a configuration, with the files that it names
// made up; it returns where the configuration lies.
func configCheck(t *testing.T, name, text string, mounts []string) string {
	t.Helper()
	dir := t.TempDir()
	cert, key := certificate(t)
	for _, path := range secretFile.FindAllString(text, -1) {
		mounted := false
		for _, mount := range mounts {
			mounted = mounted || strings.HasPrefix(path, mount+"/")
		}
		if !mounted {
			t.Errorf("%s: %s lies in nothing that is mounted", name, path)
		}
		content := []byte("secret\n")
		if strings.HasSuffix(path, "key.pem") {
			content = key
		} else if strings.HasSuffix(path, ".pem") {
			content = cert
		}
		write(t, filepath.Join(dir, path), content)
	}
	file := filepath.Join(dir, "evenkeel.yml")
	write(t, file, []byte(strings.ReplaceAll(text, "/etc/evenkeel/", dir+"/etc/evenkeel/")))
	command := exec.Command(binary(t), "config-check", file)
	command.Env = append(os.Environ(), "KAFKA_PASSWORD=x")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s\n%s", name, err, out, text)
	}
	return file
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// Every configuration that deploy/ has, or makes, is one that evenkeel takes.
func TestConfigurations(t *testing.T) {
	for _, file := range []string{"../compose/evenkeel.yml", "../kubernetes/evenkeel.yml", "../systemd/evenkeel.yml"} {
		text := string(manifest.Read(t, file))
		configCheck(t, file, text, []string{"/etc/evenkeel/secrets/kafka"})
		// What is commented out is there to be used.
		if uncommented := regexp.MustCompile(`(?m)^    # (  sasl| {0,2}zookeeper:|  servers:)`).ReplaceAllString(text, "    $1"); uncommented != text {
			configCheck(t, file+" with what is commented out", uncommented, []string{"/etc/evenkeel/secrets/kafka"})
		}
	}
	checked := 0
	for _, name := range manifest.ValueFiles(t, "testdata/values") {
		objects := rendered(t, name)
		var mounts []string
		for _, o := range objects {
			for _, m := range o.List("spec", "template", "spec", "containers", 0, "volumeMounts") {
				mounts = append(mounts, manifest.At(m, "mountPath").(string))
			}
		}
		for _, o := range objects {
			text := o.Text("data", "evenkeel.yml") + o.Text("stringData", "evenkeel.yml")
			if text == "" {
				continue
			}
			checked++
			configCheck(t, name+" "+o.Name(), text, mounts)
			if !strings.Contains(text, "state_file: /var/lib/evenkeel/") {
				t.Errorf("%s: no state file, though something is mounted for it", name)
			}
		}
	}
	if checked < 5 {
		t.Errorf("only %d configurations of the chart were checked", checked)
	}
}

// The arguments of every pod start evenkeel, and its port answers.
func TestPodsStart(t *testing.T) {
	cert, key := certificate(t)
	for _, name := range []string{"default", "per-cluster", "everything", "nothing"} {
		var args []string
		for _, o := range rendered(t, name) {
			if o.Kind() == "Deployment" {
				args = nil
				for _, a := range o.List("spec", "template", "spec", "containers", 0, "args") {
					args = append(args, a.(string))
				}
			}
		}
		dir, address := t.TempDir(), freeAddress(t)
		write(t, filepath.Join(dir, "config/evenkeel.yml"), []byte("clusters: [{name: x, kafka: {brokers: ['127.0.0.1:1']}}]\n"))
		write(t, filepath.Join(dir, "web/web.yml"), []byte("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"))
		write(t, filepath.Join(dir, "web/cert.pem"), cert)
		write(t, filepath.Join(dir, "web/key.pem"), key)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "/etc/evenkeel/", dir+"/")
			args[i] = strings.Replace(args[i], "=:9308", "="+address, 1)
		}
		serve(t, exec.Command(binary(t), args...), func() error {
			c, err := net.Dial("tcp", address)
			if err == nil {
				c.Close()
			}
			return err
		})
	}
}

// serve starts a command, waits until it answers, and ends it.
func serve(t *testing.T, command *exec.Cmd, answers func() error) {
	t.Helper()
	var out strings.Builder
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	defer func() {
		_ = command.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = command.Process.Kill()
			t.Errorf("%v did not stop", command.Args)
		}
	}()
	deadline := time.Now().Add(60 * time.Second)
	for {
		err := answers()
		if err == nil {
			return
		}
		select {
		case status := <-ended:
			ended <- status
			t.Errorf("%v: %v\n%s", command.Args, status, out.String())
			return
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Errorf("%v does not answer: %v", command.Args, err)
			return
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func get(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}

package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"sigs.k8s.io/yaml"

	"github.com/evenkeel/evenkeel/deploy/test/manifest"
)

// debian builds the package in a directory of its own, as deploy/nfpm.yaml says.
func debian(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"LICENSE", "CHANGELOG.md"} { // nfpm packs links as links
		write(t, filepath.Join(dir, name), manifest.Read(t, filepath.Join(root, name)))
	}
	for _, name := range []string{"alerts", "dashboards", "deploy"} {
		source, err := filepath.Abs(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(source, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "bin/evenkeel"), manifest.Read(t, binary(t)))
	run(t, "../package/docs.sh", filepath.Join(dir, "bin/package"), binary(t))
	t.Chdir(dir)
	config, err := nfpm.ParseFileWithEnvMapping("deploy/nfpm.yaml", func(name string) string {
		return map[string]string{"VERSION": "1.2.3", "ARCH": "amd64"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := config.Get("deb")
	if err != nil {
		t.Fatal(err)
	}
	info = nfpm.WithDefaults(info)
	if err := nfpm.PrepareForPackager(info, "deb"); err != nil {
		t.Fatal(err)
	}
	packager, err := nfpm.Get("deb")
	if err != nil {
		t.Fatal(err)
	}
	var deb bytes.Buffer
	if err := packager.Package(info, &deb); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "evenkeel.deb")
	write(t, file, deb.Bytes())
	return file
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestDebianPackage(t *testing.T) {
	deb := debian(t)
	control := run(t, "dpkg-deb", "-I", deb)
	for _, want := range []string{"Package: evenkeel", "Version: 1.2.3", "Architecture: amd64", "Maintainer: evenkeel maintainers", "Depends: systemd | systemd-standalone-sysusers", "postinst", "prerm", "postrm"} {
		if !strings.Contains(control, want) {
			t.Errorf("no %q in\n%s", want, control)
		}
	}
	if got, want := strings.TrimSpace(run(t, "dpkg-deb", "-I", deb, "conffiles")), "/etc/default/evenkeel\n/etc/evenkeel/evenkeel.yml"; got != want {
		t.Errorf("conffiles %q, want %q", got, want)
	}
	list := run(t, "dpkg-deb", "-c", deb)
	for _, want := range []string{
		`-rwxr-xr-x root/root .* ./usr/bin/evenkeel`,
		`-rw-r----- root/root .* ./etc/evenkeel/evenkeel.yml`,
		`-rw-r--r-- root/root .* ./etc/default/evenkeel`,
		`-rw-r--r-- root/root .* ./lib/systemd/system/evenkeel.service`,
		`-rw-r--r-- root/root .* ./usr/lib/sysusers.d/evenkeel.conf`,
		`-rw-r--r-- root/root .* ./usr/share/man/man1/evenkeel.1.gz`,
		`-rw-r--r-- root/root .* ./usr/share/bash-completion/completions/evenkeel`,
		`-rw-r--r-- root/root .* ./usr/share/zsh/vendor-completions/_evenkeel`,
		`-rw-r--r-- root/root .* ./usr/share/doc/evenkeel/copyright`,
		`-rw-r--r-- root/root .* ./usr/share/evenkeel/dashboards/evenkeel-overview.json`,
		`-rw-r--r-- root/root .* ./usr/share/evenkeel/alerts/kafka.yml`,
	} {
		if !regexp.MustCompile(`(?m)^` + want + `$`).MatchString(list) {
			t.Errorf("no %s in\n%s", want, list)
		}
	}
}

// dpkg installs it into a root of its own, with its scripts, and takes it away again.
func TestDebianInstalls(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("dpkg installs as root only; TestDebianPackage looks into the package")
	}
	deb, root := debian(t), t.TempDir()
	write(t, filepath.Join(root, "var/lib/dpkg/status"), nil)
	for _, dir := range []string{"var/lib/dpkg/updates", "var/lib/dpkg/info", "var/log", "etc"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dpkg := func(args ...string) {
		run(t, "dpkg", append([]string{"--root=" + root, "--force-script-chrootless", "--force-depends", "--log=" + root + "/var/log/dpkg.log"}, args...)...)
	}
	dpkg("-i", deb)
	entry := regexp.MustCompile(`(?m)^evenkeel:[^:]*:(\d+):`).FindStringSubmatch(string(manifest.Read(t, filepath.Join(root, "etc/group"))))
	if entry == nil {
		t.Fatal("there is no group evenkeel")
	}
	for file, want := range map[string]string{"etc/evenkeel": "750 0:" + entry[1], "etc/evenkeel/evenkeel.yml": "640 0:" + entry[1]} {
		if got := strings.TrimSpace(run(t, "stat", "-c", "%a %u:%g", filepath.Join(root, file))); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
	run(t, filepath.Join(root, "usr/bin/evenkeel"), "config-check", filepath.Join(root, "etc/evenkeel/evenkeel.yml"))
	for file, want := range map[string]string{"usr/share/bash-completion/completions/evenkeel": "complete -F", "usr/share/zsh/vendor-completions/_evenkeel": "#compdef evenkeel"} {
		if !strings.Contains(string(manifest.Read(t, filepath.Join(root, file))), want) {
			t.Errorf("%s completes nothing", file)
		}
	}
	if page := run(t, "gzip", "-dc", filepath.Join(root, "usr/share/man/man1/evenkeel.1.gz")); !strings.HasPrefix(page, ".TH evenkeel 1") || !strings.Contains(page, "config-check") {
		t.Errorf("no man page: %.200s", page)
	}
	// What an administrator has written stays, until all is to go.
	const mine = "clusters: [{name: mine, kafka: {brokers: [k:1]}}]\n"
	write(t, filepath.Join(root, "etc/evenkeel/evenkeel.yml"), []byte(mine))
	write(t, filepath.Join(root, "var/lib/evenkeel/state.json"), []byte("{}"))
	dpkg("-i", "--force-confold", deb)
	dpkg("-r", "evenkeel")
	if got := string(manifest.Read(t, filepath.Join(root, "etc/evenkeel/evenkeel.yml"))); got != mine {
		t.Errorf("the configuration was lost: %s", got)
	}
	if got := string(manifest.Read(t, filepath.Join(root, "var/lib/evenkeel/state.json"))); got != "{}" {
		t.Error("the state was lost by removal")
	}
	dpkg("-P", "evenkeel")
	for _, gone := range []string{"etc/evenkeel/evenkeel.yml", "var/lib/evenkeel", "usr/bin/evenkeel"} {
		if _, err := os.Stat(filepath.Join(root, gone)); !os.IsNotExist(err) {
			t.Errorf("%s is still there after purge (%v)", gone, err)
		}
	}
}

// systemd takes the unit, and finds it hardened.
func TestUnit(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		if _, err := os.Stat("/etc/debian_version"); err == nil {
			t.Fatal("systemd-analyze is missing: apt-get install systemd (make setup does)")
		}
		t.Skip("systemd-analyze is missing: this system has no systemd")
	}
	unit := string(manifest.Read(t, "../systemd/evenkeel.service"))
	file := filepath.Join(t.TempDir(), "evenkeel.service")
	// The programs have to be there.
	write(t, file, []byte(strings.ReplaceAll(unit, "/usr/bin/evenkeel", binary(t))))
	if out := run(t, "systemd-analyze", "verify", "--man=no", file); strings.Contains(out, "evenkeel.service") {
		t.Errorf("systemd-analyze verify: %s", out)
	}
	run(t, "systemd-analyze", "security", "--offline=true", "--threshold=20", file)
	// It allows what evenkeel needs.
	for _, want := range []string{"AF_INET AF_INET6", "StateDirectory=evenkeel\n", "ExecReload=/bin/kill -HUP $MAINPID", "ExecStartPre=/usr/bin/evenkeel config-check"} {
		if !strings.Contains(unit, want) {
			t.Errorf("no %q", want)
		}
	}
	sysusers := run(t, "systemd-sysusers", "--root="+t.TempDir(), "--dry-run", absolute(t, "../systemd/evenkeel.sysusers"))
	if !strings.Contains(sysusers, "evenkeel") {
		t.Errorf("systemd-sysusers makes no user: %q", sysusers)
	}
}

func absolute(t *testing.T, file string) string {
	t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A release has the flags of the Makefile and the files of the package. What goreleaser
// itself says of its file, `make release-check` asks: it takes minutes to compile.
func TestRelease(t *testing.T) {
	var release struct {
		Version int `json:"version"`
		Builds  []struct {
			Env, Flags, Ldflags []string
		}
		Nfpms []struct {
			Maintainer, Description string
			Contents                []any
			Scripts                 map[string]string
			Dependencies            []string
		}
		Archives []struct{ Files []string }
	}
	if err := yaml.Unmarshal(manifest.Read(t, "../../.goreleaser.yaml"), &release); err != nil {
		t.Fatal(err)
	}
	makefile := string(manifest.Read(t, "../../Makefile"))
	flags := regexp.MustCompile(`(?m)^LDFLAGS := (.*)$`).FindStringSubmatch(makefile)[1]
	want := strings.NewReplacer("$(VERSIONPKG)", "github.com/prometheus/common/version", "$(VERSION)", "{{ .Version }}", "$(REVISION)", "{{ .ShortCommit }}").Replace(flags)
	b := release.Builds[0]
	if release.Version != 2 || strings.Join(b.Ldflags, " ") != want {
		t.Errorf("ldflags %q, want %q", b.Ldflags, want)
	}
	if !strings.Contains(makefile, b.Env[0]+" go build "+b.Flags[0]+" ") {
		t.Errorf("%s %s are not the Makefile's", b.Env, b.Flags)
	}
	var debian struct {
		Maintainer, Description string
		Contents                []any
		Scripts                 map[string]string
		Depends                 []string
	}
	if err := yaml.Unmarshal(manifest.Read(t, "../nfpm.yaml"), &debian); err != nil {
		t.Fatal(err)
	}
	same := func(what string, a, b any) {
		x, _ := yaml.Marshal(a)
		y, _ := yaml.Marshal(b)
		if !bytes.Equal(x, y) {
			t.Errorf("%s differ:\n%s\n%s", what, x, y)
		}
	}
	same("maintainers", release.Nfpms[0].Maintainer, debian.Maintainer)
	same("descriptions", release.Nfpms[0].Description, debian.Description)
	same("scripts", release.Nfpms[0].Scripts, debian.Scripts)
	same("dependencies", release.Nfpms[0].Dependencies, debian.Depends)
	same("contents", release.Nfpms[0].Contents, debian.Contents[1:])
	for _, pattern := range release.Archives[0].Files {
		glob(t, filepath.Join(root, strings.ReplaceAll(pattern, "**/*", "*")))
	}
}

package test

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/evenkeel/evenkeel/deploy/test/manifest"
)

const root = "../.."

// buildContext lays into a directory what a build of the image is given: the repository without
// what .dockerignore names.
func buildContext(dir string) error {
	ignored, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		return err
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(ignored))
	if err != nil {
		return err
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, _ := filepath.Rel(root, path)
		skip, err := matcher.MatchesOrParentMatches(relative)
		switch {
		case err != nil:
			return err
		case relative == ".":
			return nil
		case skip && d.IsDir():
			return fs.SkipDir // .dockerignore has no exceptions
		case skip:
			return nil
		case d.IsDir():
			return os.Mkdir(filepath.Join(dir, relative), 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, relative), data, 0o755)
	})
}

func stages(t *testing.T, file string) []instructions.Stage {
	t.Helper()
	ast, err := parser.Parse(bytes.NewReader(manifest.Read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	if len(ast.Warnings) > 0 {
		t.Errorf("%s: %v", file, ast.Warnings)
	}
	all, _, err := instructions.Parse(ast.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// text is an instruction as it was written, in one line.
func text(c instructions.Command) string { return strings.Join(strings.Fields(fmt.Sprint(c)), " ") }

func TestDockerfile(t *testing.T) {
	all := stages(t, "../../Dockerfile")
	if len(all) != 2 {
		t.Fatalf("%d stages", len(all))
	}
	builder, last := all[0], all[1]
	// The compiler is of the release that go.mod names.
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(manifest.Read(t, "../../go.mod"))
	if base := builder.BaseName; base != "golang:"+string(want[1])+"-bookworm" {
		t.Errorf("the builder is %s, go.mod wants %s", base, want[1])
	}
	var steps []string
	for _, c := range builder.Commands {
		steps = append(steps, text(c))
	}
	// Modules before sources, or every change downloads them anew; args before they are used.
	position := -1
	for _, step := range []string{"COPY go.mod go.sum", "go mod download", "COPY . .", "ARG REVISION", "ARG TARGETOS", "make build REVISION=$REVISION"} {
		next := slices.IndexFunc(steps, func(s string) bool { return strings.Contains(s, step) })
		if next <= position {
			t.Errorf("%q is not where it belongs: %q", step, steps)
		}
		position = max(position, next)
	}
	image(t, "Dockerfile", last)

	releases := stages(t, "../release.Dockerfile")
	image(t, "release.Dockerfile", releases[len(releases)-1])
	if a, b := rest(last), rest(releases[len(releases)-1]); !slices.Equal(a, b) {
		t.Errorf("the images differ:\n%q\n%q", a, b)
	}
}

// rest is all of a stage but where its files come from.
func rest(s instructions.Stage) []string {
	all := []string{s.BaseName}
	for _, c := range s.Commands {
		switch c := c.(type) {
		case *instructions.CopyCommand:
			all = append(all, "COPY "+c.Chown+" "+c.DestPath)
		case *instructions.ArgCommand:
			if c.Args[0].Key != "TARGETPLATFORM" {
				all = append(all, text(c))
			}
		default:
			all = append(all, text(c))
		}
	}
	return all
}

// image holds what the last stage makes of the image.
func image(t *testing.T, file string, s instructions.Stage) {
	t.Helper()
	found := map[string]bool{}
	for _, c := range s.Commands {
		switch c := c.(type) {
		case *instructions.RunCommand, *instructions.HealthCheckCommand:
			t.Errorf("%s: there is no shell that could %s", file, text(c))
		case *instructions.UserCommand:
			found["user"] = c.User == "65532:65532"
		case *instructions.ExposeCommand:
			found["port"] = slices.Equal(c.Ports, []string{"9308"})
		case *instructions.EntrypointCommand:
			found["entrypoint"] = !c.PrependShell && slices.Equal(c.CmdLine, []string{"/usr/bin/evenkeel"})
		case *instructions.CopyCommand:
			found[c.DestPath] = true
		case *instructions.LabelCommand:
			for _, l := range c.Labels {
				found[strings.Trim(l.Key, `"`)] = true
			}
		}
	}
	for _, want := range []string{"user", "port", "entrypoint", "/usr/bin/evenkeel", "/usr/share/doc/evenkeel/LICENSE", "/var/lib/evenkeel",
		"org.opencontainers.image.source", "org.opencontainers.image.version", "org.opencontainers.image.revision", "org.opencontainers.image.licenses"} {
		if !found[want] {
			t.Errorf("%s: %s is missing, or not what it should be", file, want)
		}
	}
}

// What make builds of the image's context is static, and knows its version.
func TestImageBinary(t *testing.T) {
	file, err := elf.Open(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it is linked dynamically: %v", p.Type)
		}
	}
	out, err := exec.Command(binary(t), "version").CombinedOutput()
	version := strings.TrimSpace(string(manifest.Read(t, "../../VERSION")))
	if err != nil || !strings.Contains(string(out), "version "+version+" ") || !strings.Contains(string(out), "revision: cafe123") {
		t.Errorf("%v: %s, want %s and the revision", err, out, version)
	}
}

// It runs as the image's user in a root that holds nothing else and cannot be written, and
// answers while Kafka is not there. It knows time zones all the same.
func TestImageRuns(t *testing.T) {
	root, address := t.TempDir(), freeAddress(t)
	data := manifest.Read(t, binary(t))
	write(t, filepath.Join(root, "usr/bin/evenkeel"), data)
	if err := os.Chmod(filepath.Join(root, "usr/bin/evenkeel"), 0o755); err != nil {
		t.Fatal(err)
	}
	for dir := root; dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755)
	}
	write(t, filepath.Join(root, "evenkeel.yml"), []byte(`
clusters:
  - name: away
    kafka: {brokers: ["127.0.0.1:1"]}
    rebalance: {windows: [{cron: "0 1 * * *", duration: 4h, time_zone: Europe/Berlin}]}
`))
	// Without being root, a namespace gives the right to mount; evenkeel is then that user.
	unshare, user := []string{"--mount"}, "--userspec=65532:65532"
	if os.Getuid() != 0 {
		unshare, user = append(unshare, "--user", "--map-root-user"), "--userspec=0:0"
	}
	script := `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && ! touch "$1/x" 2>/dev/null && exec chroot ` + user + ` "$1" /usr/bin/evenkeel --config.file=/evenkeel.yml --web.listen-address="$2"`
	command := exec.Command("unshare", append(unshare, "sh", "-c", script, "sh", root, address)...)
	command.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	serve(t, command, func() error {
		if err := get("http://" + address + "/-/healthy"); err != nil {
			return err
		}
		if os.Getuid() == 0 {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid))
			if err != nil || !regexp.MustCompile(`(?m)^Uid:\s+65532\s+65532`).Match(status) {
				t.Errorf("it runs as another user (%v): %s", err, status)
			}
		}
		if get("http://"+address+"/-/ready") == nil {
			t.Error("/-/ready is 200 without Kafka: the comments on probes are wrong")
		}
		return get("http://" + address + "/metrics")
	})
}

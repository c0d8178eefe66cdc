package test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"

	"github.com/evenkeel/evenkeel/deploy/test/manifest"
)

func TestCompose(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{"../compose.yml"}, cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]bool{}
	for name, service := range project.Services {
		if image := service.Image; service.Build == nil && (!strings.Contains(image, ":") || strings.HasSuffix(image, ":latest")) {
			t.Errorf("%s: %s is another image tomorrow", name, image)
		}
		for _, v := range service.Volumes {
			if v.Type != "bind" {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s: what it mounts is not there: %v", name, err)
			}
			if !v.ReadOnly {
				t.Errorf("%s: %s could be written to", name, v.Source)
			}
			if matched, _ := filepath.Match("/etc/prometheus/rules/evenkeel-*.yml", v.Target); matched && name == "prometheus" {
				// As `evenkeel rules` names it.
				if filepath.Base(v.Target) != "evenkeel-"+filepath.Base(v.Source) {
					t.Errorf("%s is mounted as %s", v.Source, v.Target)
				}
				rules[filepath.Base(v.Source)] = true
			}
		}
		for _, p := range service.Ports {
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open to everybody", name, p.Published)
			}
		}
	}
	for _, file := range glob(t, "../../alerts/*.yml") {
		if !rules[filepath.Base(file)] {
			t.Errorf("Prometheus is not given %s", file)
		}
	}
	if pattern := "- /etc/prometheus/rules/evenkeel-*.yml"; !strings.Contains(string(manifest.Read(t, "../prometheus.yml")), pattern) {
		t.Errorf("prometheus.yml does not read %s", pattern)
	}
	evenkeel := project.Services["evenkeel"]
	if evenkeel.Build == nil || !evenkeel.ReadOnly || len(evenkeel.CapDrop) != 1 {
		t.Errorf("evenkeel is not built here, or not hardened: %+v", evenkeel)
	} else if _, err := os.Stat(filepath.Join(evenkeel.Build.Context, evenkeel.Build.Dockerfile)); err != nil {
		t.Error(err)
	}
	// Who is named in a configuration has to be there.
	hosts := map[string]string{"../compose/evenkeel.yml": "kafka1 kafka2 kafka3 zookeeper", "../prometheus.yml": "evenkeel alertmanager", "../grafana/provisioning/datasources/prometheus.yml": "prometheus"}
	for file, names := range hosts {
		for _, host := range strings.Fields(names) {
			if _, ok := project.Services[host]; !ok || !strings.Contains(string(manifest.Read(t, file)), host+":") {
				t.Errorf("%s and the services do not agree about %s", file, host)
			}
		}
	}
}

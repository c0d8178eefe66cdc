package testbed

import (
	"context"
	"fmt"
	"path/filepath"
)

// formattedData returns a folder with what a controller of the cluster's
// release finds in its data folder at the first start. Without it a release
// starts with the features of its oldest ancestor (3.x), or with the newer
// group protocol switched off (4.x). But for meta.properties it holds nothing
// of a single cluster, so the storage tool makes it once for all; where the
// levels of the features lie is the release's affair.
func (c *Cluster) formattedData(ctx context.Context) (string, error) {
	const data = "data"
	dir, err := cached(ctx, "formatted-"+c.release.version, []byte(c.release.version), func(dir string) error {
		file := filepath.Join(dir, "server.properties")
		err := writeProperties(file, map[string]string{
			"process.roles":             "controller",
			"node.id":                   "0",
			"controller.quorum.voters":  "0@127.0.0.1:1", // the tool connects to nothing
			"controller.listener.names": "CONTROLLER",
			"listeners":                 "CONTROLLER://127.0.0.1:1",
			"log.dirs":                  filepath.Join(dir, data),
		})
		if err != nil {
			return err
		}
		argv := javaCommand(c.java, c.log4j, c.kafkaClasspath, nil, "kafka.tools.StorageTool", "format", "-t", newClusterID(), "-c", file)
		return run(ctx, argv[0], argv[1:]...)
	})
	if err != nil {
		return "", fmt.Errorf("testbed: format a controller's data for Kafka %s: %w", c.release.version, err)
	}
	return filepath.Join(dir, data), nil
}

// combined returns the folder of formattedData for brokers that are controllers
// as well, and none for mere brokers.
func (c *Cluster) combined(formatted string) string {
	if c.spec.Controllers > 0 {
		return ""
	}
	return formatted
}

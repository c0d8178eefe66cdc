package testbed

import (
	"fmt"
	"path/filepath"
)

// consumerProgram is a JVM that reads for a group.
type consumerProgram struct {
	name, group     string // name: see nextConsumer
	classpath, main string
	properties      map[string]string
	// args returns the program's arguments, of which one is the file with the
	// properties.
	args   func(file string) []string
	silent bool // it prints the messages
}

// nextConsumer returns the name that a further consumer's files and its
// registration in ZooKeeper have.
func (c *Cluster) nextConsumer() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.consumers++
	return fmt.Sprintf("consumer-%d", c.consumers)
}

// startProgram starts a program that Stop of the cluster ends.
func (c *Cluster) startProgram(p consumerProgram) (*Consumer, error) {
	file := filepath.Join(c.dir, p.name+".properties")
	if err := writeProperties(file, p.properties); err != nil {
		return nil, err
	}
	argv := javaCommand(c.java, c.log4j, p.classpath, nil, p.main, p.args(file)...)
	proc := c.newProcess("a consumer of group "+p.group, p.name, argv)
	proc.silent = p.silent
	return &Consumer{proc: proc}, proc.start()
}

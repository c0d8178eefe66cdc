package testbed

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// authorizerProperties returns what switches the authorizer of the release on,
// if the spec wants it. The plain listener has no users: whoever comes through
// it, the brokers and the testbed, may do everything.
func (s Spec) authorizerProperties(rel kafkaRelease) map[string]string {
	p := make(map[string]string)
	if !s.Authorizer {
		return p
	}
	p["super.users"] = "User:ANONYMOUS"
	switch {
	case rel.kraft():
		p["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
	case rel.protocol.IsAtLeast(sarama.V2_4_0_0):
		p["authorizer.class.name"] = "kafka.security.authorizer.AclAuthorizer"
	default:
		p["authorizer.class.name"] = "kafka.security.auth.SimpleAclAuthorizer"
	}
	return p
}

// Allow lets a user, such as "alice" or "CN=alice", do something with one
// resource from every host; the name "*" stands for all resources of the type,
// "kafka-cluster" is that of the cluster. It returns when every broker that
// runs and is not frozen knows. It needs Spec.Authorizer and Kafka 0.11 or
// later.
func (c *Cluster) Allow(ctx context.Context, user string, resource sarama.AclResourceType, name string, operations ...sarama.AclOperation) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if !c.spec.Authorizer {
		return errors.New("testbed: Allow needs Spec.Authorizer")
	}
	acls := &sarama.ResourceAcls{Resource: sarama.Resource{
		ResourceType: resource, ResourceName: name, ResourcePatternType: sarama.AclPatternLiteral,
	}}
	for _, operation := range operations {
		acls.Acls = append(acls.Acls, &sarama.Acl{
			Principal: "User:" + user, Host: "*", Operation: operation, PermissionType: sarama.AclPermissionAllow,
		})
	}
	err := c.withClient(ctx, func(client sarama.Client) error {
		admin, err := sarama.NewClusterAdminFromClient(client)
		if err != nil {
			return err
		}
		return admin.CreateACLs([]*sarama.ResourceAcls{acls})
	})
	if err != nil {
		return fmt.Errorf("testbed: allow %s on %s %s: %w", user, resource.String(), name, err)
	}
	return waitFor(ctx, "wait until the brokers know what "+user+" may do", func() error {
		for _, s := range c.responsive() {
			if err := c.knowsACLs(s, acls); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
		return nil
	})
}

// knowsACLs fails until a broker names all of the entries.
func (c *Cluster) knowsACLs(s *Server, want *sarama.ResourceAcls) error {
	b := sarama.NewBroker(s.addr)
	if err := b.Open(c.clientConfig()); err != nil {
		return err
	}
	defer b.Close()
	for _, acl := range want.Acls {
		request := &sarama.DescribeAclsRequest{AclFilter: sarama.AclFilter{
			ResourceType:              want.ResourceType,
			ResourceName:              &want.ResourceName,
			ResourcePatternTypeFilter: want.ResourcePatternType,
			Principal:                 &acl.Principal,
			Host:                      &acl.Host,
			Operation:                 acl.Operation,
			PermissionType:            acl.PermissionType,
		}}
		if c.release.protocol.IsAtLeast(sarama.V2_0_0_0) {
			request.Version = 1
		}
		response, err := b.DescribeAcls(request)
		if err != nil {
			return err
		}
		if response.Err != sarama.ErrNoError {
			return response.Err
		}
		if len(response.ResourceAcls) == 0 {
			return fmt.Errorf("%s is not allowed yet", acl.Operation.String())
		}
	}
	return nil
}

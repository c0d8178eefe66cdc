package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-msk-iam-sasl-signer-go/signer"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evenkeel/evenkeel/config"
)

// awsTokens returns a function that makes a token for Amazon MSK: the URL of a
// request to connect, signed with AWS credentials and valid for 15 minutes. On the
// wire it is a bearer token like any other.
//
// The chain of credentials is walked anew for each token, so that credentials which
// somebody replaced are found.
func awsTokens(c config.AWS) func(context.Context) (token, error) {
	return func(ctx context.Context) (token, error) {
		conf, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(c.Region), awsconfig.WithSharedConfigProfile(c.Profile))
		if err != nil {
			return token{}, fmt.Errorf("AWS credentials: %w", err)
		}
		from := conf.Credentials
		if c.RoleARN != "" {
			from = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(conf), c.RoleARN, func(o *stscreds.AssumeRoleOptions) {
				o.RoleSessionName = "evenkeel"
			})
		}
		text, expires, err := signer.GenerateAuthTokenFromCredentialsProvider(ctx, c.Region, from)
		if err != nil {
			return token{}, fmt.Errorf("AWS credentials: %w", err)
		}
		return token{text: text, expires: time.UnixMilli(expires)}, nil
	}
}

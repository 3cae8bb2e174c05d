// Package millrace starts a container of Millrace, a server for the Amazon Kinesis Data Streams API, for tests.
package millrace

import (
	"context"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// Image is what Run starts if it is given no other.
const Image = "registry.example/millrace:0.1.0"

const port = "4567/tcp"

// Container is a running server in memory. It takes any access keys.
type Container struct {
	testcontainers.Container
	// EndpointURL for clients, such as http://localhost:40123.
	EndpointURL string
	Region      string
}

// Run starts a server and waits until it is ready. Streams are created at start, each as name:shards or
// name:shards:region. On an error the container may be there: testcontainers.TerminateContainer removes it.
func Run(ctx context.Context, image string, streams []string, options ...testcontainers.ContainerCustomizer) (*Container, error) {
	if image == "" {
		image = Image
	}
	serve := []string{"serve", "--engine", "memory"}
	for _, stream := range streams {
		serve = append(serve, "--stream", stream)
	}
	all := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(port),
		testcontainers.WithCmd(serve...),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/health").WithPort(port)),
	}
	container, err := testcontainers.Run(ctx, image, append(all, options...)...)
	if err != nil {
		return nil, err
	}
	endpoint, err := container.PortEndpoint(ctx, port, "http")
	if err != nil {
		return &Container{Container: container}, err
	}
	return &Container{Container: container, EndpointURL: endpoint, Region: "us-east-1"}, nil
}

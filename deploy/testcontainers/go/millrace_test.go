package millrace

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/testcontainers/testcontainers-go"
)

func TestStreamsAreThereAtStart(t *testing.T) {
	ctx := context.Background()
	server, err := Run(ctx, "", []string{"orders:2"})
	if server != nil {
		testcontainers.CleanupContainer(t, server)
	}
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.EndpointURL, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", "Kinesis_20131202.ListStreams")
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), `"orders"`) {
		t.Fatalf("no stream: %s", body)
	}
}

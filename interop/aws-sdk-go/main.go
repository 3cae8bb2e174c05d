// Walks through a stream's life with the AWS SDK for Go v2: HTTP/1.1, HTTP/2 with prior knowledge, and HTTP/2 over TLS.
//
// Reads MILLRACE_HTTP, MILLRACE_HTTPS, MILLRACE_CA and the usual AWS_ variables. Exits 1 at the first thing that is wrong.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

const walkTimeMax = 2 * time.Minute

type transport struct {
	name     string
	endpoint string
	// What every answer must have come over.
	protocolMajor int
	adjust        func(*http.Transport)
}

func main() {
	for _, transport := range transports() {
		started := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), walkTimeMax)
		// Over HTTP/1.1 this SDK closes the request's body as soon as the answer begins. If the transport's writer has not
		// yet seen that body's end by then, it drops the connection, and with it the subscription: a race in the client.
		err := walk(ctx, clientOver(transport), "go-"+transport.name, transport.protocolMajor == 2)
		cancel()
		if err != nil {
			fmt.Fprintf(os.Stderr, "over %s: %v\n", transport.name, err)
			os.Exit(1)
		}
		fmt.Printf("%s in %d ms\n", transport.name, time.Since(started).Milliseconds())
	}
}

func transports() []transport {
	return []transport{
		{name: "http1", endpoint: os.Getenv("MILLRACE_HTTP"), protocolMajor: 1, adjust: func(*http.Transport) {}},
		{name: "h2c", endpoint: os.Getenv("MILLRACE_HTTP"), protocolMajor: 2, adjust: func(t *http.Transport) {
			t.Protocols = new(http.Protocols)
			t.Protocols.SetUnencryptedHTTP2(true)
		}},
		{name: "tls", endpoint: os.Getenv("MILLRACE_HTTPS"), protocolMajor: 2, adjust: func(t *http.Transport) {
			t.TLSClientConfig = &tls.Config{RootCAs: trustedCA()}
			t.ForceAttemptHTTP2 = true
		}},
	}
}

func clientOver(transport transport) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		Region:       os.Getenv("AWS_REGION"),
		BaseEndpoint: aws.String(transport.endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
		// A fault is to be seen, not retried away.
		RetryMaxAttempts: 1,
		HTTPClient: protocolCheck{
			inner: awshttp.NewBuildableClient().WithTransportOptions(transport.adjust),
			major: transport.protocolMajor,
		},
	})
}

type protocolCheck struct {
	inner aws.HTTPClient
	major int
}

func (check protocolCheck) Do(request *http.Request) (*http.Response, error) {
	response, err := check.inner.Do(request)
	if err == nil && response.ProtoMajor != check.major {
		response.Body.Close()
		return nil, fmt.Errorf("answered over %s, not HTTP/%d", response.Proto, check.major)
	}
	return response, err
}

func trustedCA() *x509.CertPool {
	pem, err := os.ReadFile(os.Getenv("MILLRACE_CA"))
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		fmt.Fprintf(os.Stderr, "no certificate in MILLRACE_CA: %v\n", err)
		os.Exit(1)
	}
	return pool
}

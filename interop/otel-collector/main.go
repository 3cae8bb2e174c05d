// Starts the OTLP receiver of the OpenTelemetry Collector at the address of its argument, prints "ready", and then each batch
// of metrics that it accepts as one line: the Authorization header, a tab, and OTLP's JSON. Ends when standard input does.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	if err := receive(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func receive(ctx context.Context) error {
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	settings := confmap.NewFromStringMap(map[string]any{
		"protocols": map[string]any{"http": map[string]any{"endpoint": os.Args[1], "include_metadata": true}},
	})
	if err := settings.Unmarshal(config); err != nil {
		return err
	}
	printer, err := consumer.NewMetrics(printLine)
	if err != nil {
		return err
	}
	receiver, err := factory.CreateMetrics(ctx, receivertest.NewNopSettings(factory.Type()), config, printer)
	if err != nil {
		return err
	}
	if err := receiver.Start(ctx, componenttest.NewNopHost()); err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return receiver.Shutdown(ctx)
}

var printing sync.Mutex

func printLine(ctx context.Context, metrics pmetric.Metrics) error {
	line, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(metrics)
	if err != nil {
		return err
	}
	authorization := client.FromContext(ctx).Metadata.Get("authorization")
	printing.Lock()
	defer printing.Unlock()
	_, err = fmt.Printf("%s\t%s\n", strings.Join(authorization, ","), line)
	return err
}

package millrace;

import io.prometheus.client.Collector;
import io.prometheus.cloudwatch.CloudWatchCollector;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.resourcegroupstaggingapi.ResourceGroupsTaggingApiClient;

/** Scrapes once with the exporter's collector, and prints each sample: its name, its labels, its value. */
public final class Main {
  /** The exporter's own main class makes clients of an SDK that does not know AWS_ENDPOINT_URL. */
  private static final class OneScrape extends CloudWatchCollector {
    OneScrape(String config, CloudWatchClient cloudWatch) {
      super(config, cloudWatch, withoutTags());
    }
  }

  public static void main(String[] args) throws Exception {
    try (CloudWatchClient cloudWatch = CloudWatchClient.create()) {
      CloudWatchCollector collector = new OneScrape(Files.readString(Path.of(args[0])), cloudWatch);
      for (Collector.MetricFamilySamples family : collector.collect()) {
        for (Collector.MetricFamilySamples.Sample sample : family.samples) {
          System.out.println(sample.name + " " + String.join(",", sample.labelValues) + " " + sample.value);
        }
      }
    }
  }

  /** The configuration selects nothing by tags. */
  private static ResourceGroupsTaggingApiClient withoutTags() {
    Class<?>[] interfaces = {ResourceGroupsTaggingApiClient.class};
    return (ResourceGroupsTaggingApiClient)
        Proxy.newProxyInstance(
            Main.class.getClassLoader(),
            interfaces,
            (proxy, method, arguments) -> {
              throw new UnsupportedOperationException(method.getName());
            });
  }
}

package millrace;

import java.net.URI;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.retrieval.RetrievalSpecificConfig;
import software.amazon.kinesis.retrieval.fanout.FanOutConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/** One KCL worker on threads of its own, with waits short enough for a test. */
final class Worker {
  private static final int STOP_MS_MAX = 30_000;

  private final Scheduler scheduler;
  private final Thread thread;

  Worker(String name, String stream, boolean pushes, KinesisAsyncClient kinesis, Deliveries deliveries) {
    DynamoDbAsyncClient dynamo = DynamoDbAsyncClient.builder()
        .endpointOverride(URI.create(System.getenv("DYNAMODB_ENDPOINT"))).build();
    // Metrics are off: nothing is ever sent to it.
    CloudWatchAsyncClient cloudWatch = CloudWatchAsyncClient.builder()
        .endpointOverride(URI.create("http://127.0.0.1:9")).build();
    ConfigsBuilder configs =
        new ConfigsBuilder(stream, stream, kinesis, dynamo, cloudWatch, name, () -> new Processor(name, deliveries));
    RetrievalSpecificConfig retrieval = pushes
        ? new FanOutConfig(kinesis).streamName(stream).applicationName(stream)
        : new PollingConfig(stream, kinesis).idleTimeBetweenReadsInMillis(200);
    LeaseManagementConfig leases = configs.leaseManagementConfig()
        .failoverTimeMillis(3_000)
        .leaseAssignmentIntervalMillis(1_000L)
        .shardSyncIntervalMillis(5_000)
        // The first worker to come would take all shards, and give some up minutes later.
        .maxLeasesForWorker(Main.SHARDS - 1)
        .leasesRecoveryAuditorExecutionFrequencyMillis(5_000)
        .initialPositionInStream(InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON));
    leases.workerUtilizationAwareAssignmentConfig()
        .disableWorkerMetrics(true).workerMetricsReporterFreqInMillis(1_000);
    scheduler = new Scheduler(
        configs.checkpointConfig(),
        configs.coordinatorConfig().parentShardPollIntervalMillis(500).shardConsumerDispatchPollIntervalMillis(200),
        leases,
        configs.lifecycleConfig(),
        configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
        configs.processorConfig(),
        configs.retrievalConfig().retrievalSpecificConfig(retrieval)
            .initialPositionInStreamExtended(
                InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON)));
    thread = new Thread(scheduler, name);
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * The graceful way waits for every lease, also for those of shards that were read to their end and have no consumer any
   * more: it never ends unless the library has cleaned them up by chance (awslabs/amazon-kinesis-client, issue 1251).
   */
  void stop() throws InterruptedException {
    scheduler.shutdown();
    thread.join(STOP_MS_MAX);
    if (thread.isAlive()) throw new AssertionError("a worker did not stop");
  }
}

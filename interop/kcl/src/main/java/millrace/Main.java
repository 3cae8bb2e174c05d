package millrace;

import java.math.BigInteger;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.kinesis.common.KinesisClientUtil;

/**
 * Two KCL workers read one stream while records come in and shards are split and merged; one such pair by polling, one
 * by enhanced fan-out. Reads MILLRACE_HTTP, MILLRACE_HTTPS, DYNAMODB_ENDPOINT and the usual AWS_ variables; the JVM's trust
 * store has the server's certificate authority.
 */
public final class Main {
  /** Leases of closed shards count for a while: two workers must have room for these and for the three new ones. */
  static final int SHARDS = 6;
  private static final int RECORDS_BEFORE = 1_000;
  private static final int RECORDS = 6_000;
  private static final int RECORDS_PER_PUT = 50;
  private static final int PUT_PAUSE_MS = 100;
  private static final int FIRST_MS_MAX = 120_000;
  private static final int ALL_MS_MAX = 90_000;

  private final KinesisAsyncClient kinesis;
  private final String stream;
  private final Deliveries deliveries = new Deliveries(RECORDS);

  private Main(String endpoint, String stream) {
    kinesis = KinesisClientUtil.createKinesisAsyncClient(
        KinesisAsyncClient.builder().endpointOverride(URI.create(endpoint)));
    this.stream = stream;
  }

  public static void main(String[] args) {
    int exitCode = 1;
    try {
      // Side by side: a KCL worker spends most of its start waiting.
      CompletableFuture<Void> polling = start(System.getenv("MILLRACE_HTTP"), "kcl-polling", false);
      CompletableFuture<Void> fanOut = start(System.getenv("MILLRACE_HTTPS"), "kcl-fan-out", true);
      polling.join();
      fanOut.join();
      exitCode = 0;
    } catch (CompletionException fault) {
      fault.getCause().printStackTrace();
    }
    // Threads that are not daemons are left: the SDK's, and in a failed run the workers'.
    System.exit(exitCode);
  }

  private static CompletableFuture<Void> start(String endpoint, String stream, boolean pushes) {
    return CompletableFuture.runAsync(() -> {
      try {
        new Main(endpoint, stream).run(pushes);
      } catch (Exception fault) {
        throw new CompletionException(stream, fault);
      }
    }, Executors.newSingleThreadExecutor());
  }

  private void run(boolean pushes) throws Exception {
    long started = System.currentTimeMillis();
    await(kinesis.createStream(r -> r.streamName(stream).shardCount(SHARDS)));
    waitUntilActive();
    put(0, RECORDS_BEFORE);
    Worker first = new Worker("worker-1", stream, pushes, kinesis, deliveries);
    // The KCL's own start is no match for two workers that find no tables at the same moment.
    deliveries.awaitWorkers(1, started + FIRST_MS_MAX);
    Worker second = new Worker("worker-2", stream, pushes, kinesis, deliveries);
    deliveries.awaitWorkers(2, started + 2 * FIRST_MS_MAX);
    reshardWhilePutting();
    // The split parent and the two merged ones.
    deliveries.awaitAll(3, System.currentTimeMillis() + ALL_MS_MAX);
    first.stop();
    second.stop();
    System.out.printf("%s in %d ms: %s%n", stream, System.currentTimeMillis() - started, deliveries);
  }

  private void reshardWhilePutting() throws Exception {
    CompletableFuture<Void> putting = CompletableFuture.runAsync(
        () -> put(RECORDS_BEFORE, RECORDS - RECORDS_BEFORE), Executors.newSingleThreadExecutor());
    TimeUnit.MILLISECONDS.sleep(10 * PUT_PAUSE_MS);
    List<Shard> shards = await(kinesis.listShards(r -> r.streamName(stream))).shards();
    BigInteger low = new BigInteger(shards.get(0).hashKeyRange().startingHashKey());
    BigInteger high = new BigInteger(shards.get(0).hashKeyRange().endingHashKey());
    await(kinesis.splitShard(r -> r.streamName(stream).shardToSplit(shards.get(0).shardId())
        .newStartingHashKey(low.add(high).shiftRight(1).toString())));
    waitUntilActive();
    TimeUnit.MILLISECONDS.sleep(30 * PUT_PAUSE_MS);
    await(kinesis.mergeShards(r -> r.streamName(stream).shardToMerge(shards.get(2).shardId())
        .adjacentShardToMerge(shards.get(3).shardId())));
    waitUntilActive();
    putting.get(ALL_MS_MAX, TimeUnit.MILLISECONDS);
  }

  /** One batch at a time, so that each key's records are stored in the order of their numbers. */
  private void put(int from, int count) {
    for (int first = from; first < from + count; first += RECORDS_PER_PUT) {
      List<PutRecordsRequestEntry> entries = IntStream.range(first, first + RECORDS_PER_PUT)
          .mapToObj(number -> PutRecordsRequestEntry.builder().partitionKey(Deliveries.keyOf(number))
              .data(SdkBytes.fromUtf8String(String.valueOf(number))).build())
          .toList();
      if (await(kinesis.putRecords(r -> r.streamName(stream).records(entries))).failedRecordCount() != 0)
        throw new AssertionError("records failed");
      sleep();
    }
  }

  private static void sleep() {
    try {
      TimeUnit.MILLISECONDS.sleep(PUT_PAUSE_MS);
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  private void waitUntilActive() {
    await(kinesis.waiter().waitUntilStreamExists(r -> r.streamName(stream)));
  }

  private static <T> T await(CompletableFuture<T> future) {
    return future.orTimeout(FIRST_MS_MAX, TimeUnit.MILLISECONDS).join();
  }
}

package millrace;

import com.google.common.util.concurrent.ListenableFuture;
import java.math.BigInteger;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.producer.KinesisProducer;
import software.amazon.kinesis.producer.KinesisProducerConfiguration;
import software.amazon.kinesis.producer.UserRecordResult;
import software.amazon.kinesis.retrieval.AggregatorUtil;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/**
 * The KPL's native producer over TLS, its records aggregated, before and after a split and a merge: every record comes
 * out of its aggregate again, once, and from the shard that the producer predicted. Reads MILLRACE_HTTP, MILLRACE_HTTPS, MILLRACE_CA, MILLRACE_TEMPORARY and the
 * usual AWS_ variables.
 */
public final class Main {
  private static final String STREAM = "kpl";
  private static final int SHARDS = 4;
  private static final int KEYS = 200;
  private static final int RECORDS = 10_000;
  private static final int WAIT_SECONDS_MAX = 60;

  private final KinesisAsyncClient kinesis = KinesisClientUtil.createKinesisAsyncClient(
      KinesisAsyncClient.builder().endpointOverride(URI.create(System.getenv("MILLRACE_HTTP"))));
  /** The shard that each record was acknowledged for, by its number. */
  private final Map<Integer, String> shardOf = new HashMap<>();

  private Main() {}

  public static void main(String[] args) {
    int exitCode = 1;
    try {
      new Main().run();
      exitCode = 0;
    } catch (Exception | AssertionError fault) {
      fault.printStackTrace();
    }
    // Threads that are not daemons are left: the SDK's, and in a failed run the producer's.
    System.exit(exitCode);
  }

  private void run() throws Exception {
    long started = System.currentTimeMillis();
    await(kinesis.createStream(r -> r.streamName(STREAM).shardCount(SHARDS)));
    waitUntilActive();
    KinesisProducer producer = new KinesisProducer(configuration());
    put(producer, 0, RECORDS, true);
    int stored = read(number -> true);
    if (stored >= RECORDS) throw new AssertionError("nothing was aggregated");
    reshard();
    // Its map of the shards is old now: what went elsewhere than it predicted is sent again.
    put(producer, RECORDS, RECORDS, false);
    producer.destroy();
    producer = new KinesisProducer(configuration());
    put(producer, 2 * RECORDS, RECORDS, true);
    producer.destroy();
    stored = read(number -> number / RECORDS != 1);
    System.out.printf("%d records in %d aggregates where they were predicted, in %d ms%n", 3 * RECORDS, stored,
        System.currentTimeMillis() - started);
  }

  private static KinesisProducerConfiguration configuration() {
    URI endpoint = URI.create(System.getenv("MILLRACE_HTTPS"));
    return new KinesisProducerConfiguration()
        .setRegion(System.getenv("AWS_REGION"))
        .setKinesisEndpoint(endpoint.getHost())
        .setKinesisPort(endpoint.getPort())
        .setCaCertFile(System.getenv("MILLRACE_CA"))
        .setVerifyCertificate(true)
        .setTempDirectory(System.getenv("MILLRACE_TEMPORARY"))
        .setMetricsLevel("none")
        .setAggregationEnabled(true)
        .setLogLevel("info");
  }

  private void put(KinesisProducer producer, int from, int count, boolean predicts) throws Exception {
    List<ListenableFuture<UserRecordResult>> results = new ArrayList<>();
    for (int number = from; number < from + count; number += 1) {
      ByteBuffer data = ByteBuffer.wrap(String.valueOf(number).getBytes(StandardCharsets.UTF_8));
      results.add(producer.addUserRecord(STREAM, keyOf(number), data));
    }
    producer.flush();
    for (int i = 0; i < count; i += 1) {
      UserRecordResult result = results.get(i).get(WAIT_SECONDS_MAX, TimeUnit.SECONDS);
      if (!result.isSuccessful()) throw new AssertionError(from + i + " failed: " + result.getAttempts());
      // A record that lands elsewhere than the producer predicted is another attempt's.
      if (predicts && result.getAttempts().size() != 1) throw new AssertionError(from + i + ": " + result.getAttempts());
      shardOf.put(from + i, result.getShardId());
    }
  }

  /** Takes every aggregate apart and returns how many there were. The KPL sends several at a time, so order is not looked at. */
  private int read(IntPredicate comesOnce) {
    Map<Integer, Set<String>> found = new HashMap<>();
    int stored = 0;
    for (Shard shard : listShards()) {
      String next = await(kinesis.getShardIterator(r -> r.streamName(STREAM).shardId(shard.shardId())
          .shardIteratorType(ShardIteratorType.TRIM_HORIZON))).shardIterator();
      while (next != null) {
        String iterator = next;
        GetRecordsResponse page = await(kinesis.getRecords(r -> r.shardIterator(iterator)));
        stored += page.records().size();
        List<KinesisClientRecord> aggregates = page.records().stream().map(KinesisClientRecord::fromRecord).toList();
        // Records whose keys are not the shard's are left out by it, and so would be missed below.
        for (KinesisClientRecord record : new AggregatorUtil().deaggregate(aggregates,
            new BigInteger(shard.hashKeyRange().startingHashKey()), new BigInteger(shard.hashKeyRange().endingHashKey()))) {
          int number = Integer.parseInt(StandardCharsets.UTF_8.decode(record.data()).toString());
          if (!record.partitionKey().equals(keyOf(number))) throw new AssertionError(number + ": " + record.partitionKey());
          boolean isFirst = found.computeIfAbsent(number, n -> new HashSet<>()).add(shard.shardId());
          if (comesOnce.test(number) && !(isFirst && found.get(number).size() == 1))
            throw new AssertionError(number + " came twice");
        }
        next = page.nextShardIterator();
        if (page.records().isEmpty() && page.millisBehindLatest() == 0) break;
      }
    }
    if (found.size() != shardOf.size()) throw new AssertionError(found.size() + " of " + shardOf.size() + " records came");
    shardOf.forEach((number, shard) -> {
      if (!found.get(number).contains(shard)) throw new AssertionError(number + " is not in " + shard);
    });
    return stored;
  }

  private void reshard() {
    List<Shard> shards = listShards();
    BigInteger low = new BigInteger(shards.get(0).hashKeyRange().startingHashKey());
    BigInteger high = new BigInteger(shards.get(0).hashKeyRange().endingHashKey());
    await(kinesis.splitShard(r -> r.streamName(STREAM).shardToSplit(shards.get(0).shardId())
        .newStartingHashKey(low.add(high).shiftRight(1).toString())));
    waitUntilActive();
    await(kinesis.mergeShards(r -> r.streamName(STREAM).shardToMerge(shards.get(2).shardId())
        .adjacentShardToMerge(shards.get(3).shardId())));
    waitUntilActive();
  }

  private static String keyOf(int number) {
    return "key-" + number % KEYS;
  }

  private List<Shard> listShards() {
    return await(kinesis.listShards(r -> r.streamName(STREAM))).shards();
  }

  private void waitUntilActive() {
    await(kinesis.waiter().waitUntilStreamExists(r -> r.streamName(STREAM)));
  }

  private static <T> T await(CompletableFuture<T> future) {
    return future.orTimeout(WAIT_SECONDS_MAX, TimeUnit.SECONDS).join();
  }
}

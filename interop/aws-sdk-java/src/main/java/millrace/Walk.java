package millrace;

import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.retry.backoff.FixedDelayBackoffStrategy;
import software.amazon.awssdk.core.waiters.WaiterOverrideConfiguration;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.HashKeyRange;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.ResourceInUseException;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;

/** Creates a stream, fills it, reads it, splits and merges, lets it be pushed, and deletes it. */
final class Walk {
  static final int KEYS = 100;
  private static final int SHARDS = 4;
  private static final int RECORDS = 10_000;
  private static final int RECORDS_LATER = 1_000;
  private static final int RECORDS_PER_PUT = 500;
  private static final int WAIT_SECONDS_MAX = 60;

  private final KinesisAsyncClient client;
  private final String stream;

  Walk(KinesisAsyncClient client, String stream) {
    this.client = client;
    this.stream = stream;
  }

  static String keyOf(int number) {
    return "key-" + number % KEYS;
  }

  /** A call that hangs is a fault, too. */
  static <T> T await(CompletableFuture<T> future) {
    try {
      return future.orTimeout(WAIT_SECONDS_MAX, TimeUnit.SECONDS).join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) throw cause;
      throw failed;
    }
  }

  static boolean isOpen(Shard shard) {
    return shard.sequenceNumberRange().endingSequenceNumber() == null;
  }

  void run() {
    create();
    put(0, RECORDS);
    readAll(RECORDS);
    reshard();
    put(RECORDS, RECORDS_LATER);
    readAll(RECORDS + RECORDS_LATER);
    new Subscriber(client, stream).run(listShards(), RECORDS + RECORDS_LATER);
    await(client.deleteStream(r -> r.streamName(stream).enforceConsumerDeletion(true)));
    await(client.waiter().waitUntilStreamNotExists(r -> r.streamName(stream), Walk::quickly));
  }

  private void create() {
    await(client.createStream(r -> r.streamName(stream).shardCount(SHARDS)));
    try {
      await(client.createStream(r -> r.streamName(stream).shardCount(SHARDS)));
      throw new AssertionError("a second CreateStream was answered");
    } catch (ResourceInUseException expected) {
      waitUntilActive();
    }
  }

  private void waitUntilActive() {
    await(client.waiter().waitUntilStreamExists(r -> r.streamName(stream), Walk::quickly));
  }

  private static void quickly(WaiterOverrideConfiguration.Builder waiter) {
    waiter.backoffStrategy(FixedDelayBackoffStrategy.create(Duration.ofMillis(50))).maxAttempts(200);
  }

  private void put(int from, int count) {
    for (int first = from; first < from + count; first += RECORDS_PER_PUT) {
      List<PutRecordsRequestEntry> entries = IntStream.range(first, first + RECORDS_PER_PUT)
          .mapToObj(number -> PutRecordsRequestEntry.builder()
              .data(SdkBytes.fromUtf8String(String.valueOf(number))).partitionKey(keyOf(number)).build())
          .toList();
      PutRecordsResponse answer = await(client.putRecords(r -> r.streamName(stream).records(entries)));
      if (answer.failedRecordCount() != 0 || answer.records().size() != entries.size())
        throw new AssertionError(answer.failedRecordCount() + " records failed");
    }
  }

  private List<Shard> listShards() {
    return await(client.listShards(r -> r.streamName(stream))).shards();
  }

  private void readAll(int count) {
    Reading seen = new Reading();
    for (Shard shard : listShards()) {
      seen.startShard();
      String next = await(client.getShardIterator(r -> r.streamName(stream).shardId(shard.shardId())
          .shardIteratorType(ShardIteratorType.TRIM_HORIZON))).shardIterator();
      while (next != null) {
        String iterator = next;
        GetRecordsResponse page = await(client.getRecords(r -> r.shardIterator(iterator)));
        seen.take(page.records());
        next = page.nextShardIterator();
        if (isOpen(shard) && page.records().isEmpty() && page.millisBehindLatest() == 0) break;
        if (next == null && page.childShards().isEmpty())
          throw new AssertionError(shard.shardId() + " ended without naming its children");
      }
    }
    seen.check(count);
  }

  private void reshard() {
    List<Shard> shards = listShards();
    HashKeyRange range = shards.get(0).hashKeyRange();
    String middle = new BigInteger(range.startingHashKey()).add(new BigInteger(range.endingHashKey())).shiftRight(1)
        .toString();
    await(client.splitShard(
        r -> r.streamName(stream).shardToSplit(shards.get(0).shardId()).newStartingHashKey(middle)));
    waitUntilActive();
    await(client.mergeShards(r -> r.streamName(stream).shardToMerge(shards.get(1).shardId())
        .adjacentShardToMerge(shards.get(2).shardId())));
    waitUntilActive();
    List<Shard> after = listShards();
    if (after.size() != SHARDS + 3 || after.stream().filter(Walk::isOpen).count() != SHARDS)
      throw new AssertionError("shards after the reshard: " + after);
  }
}

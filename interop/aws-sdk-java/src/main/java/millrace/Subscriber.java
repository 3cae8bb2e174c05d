package millrace;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.services.kinesis.model.ChildShard;
import software.amazon.awssdk.services.kinesis.model.ConsumerStatus;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.Shard;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardEvent;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardEventStream;
import software.amazon.awssdk.services.kinesis.model.SubscribeToShardResponseHandler;

/** Registers a consumer, lets it be pushed everything there is, and then records as they are put. */
final class Subscriber {
  private static final int EVENT_SECONDS_MAX = 20;

  private final KinesisAsyncClient client;
  private final String stream;

  Subscriber(KinesisAsyncClient client, String stream) {
    this.client = client;
    this.stream = stream;
  }

  void run(List<Shard> shards, int count) {
    String walker = register("walker");
    Reading seen = new Reading();
    for (Shard shard : shards) {
      seen.startShard();
      fromStart(walker, shard, seen);
    }
    seen.check(count);
    // A consumer of its own: the first one's place at the shard is taken for five seconds, closed or not.
    live(register("follower"), shards.get(shards.size() - 1));
    Walk.await(client.deregisterStreamConsumer(r -> r.consumerARN(walker)));
  }

  private String register(String name) {
    String arn = Walk.await(client.describeStreamSummary(r -> r.streamName(stream)))
        .streamDescriptionSummary().streamARN();
    String consumer = Walk.await(client.registerStreamConsumer(r -> r.streamARN(arn).consumerName(name)))
        .consumer().consumerARN();
    ConsumerStatus status;
    do {
      status = Walk.await(client.describeStreamConsumer(r -> r.consumerARN(consumer)))
          .consumerDescription().consumerStatus();
    } while (status != ConsumerStatus.ACTIVE);
    return consumer;
  }

  private void fromStart(String consumer, Shard shard, Reading seen) {
    List<ChildShard> children = new ArrayList<>();
    try (Events events = new Events(consumer, shard, ShardIteratorType.TRIM_HORIZON)) {
      for (Optional<SubscribeToShardEvent> next = events.next(); next.isPresent(); next = events.next()) {
        SubscribeToShardEvent event = next.get();
        seen.take(event.records());
        children.addAll(event.childShards());
        if (Walk.isOpen(shard) && event.millisBehindLatest() == 0) return;
      }
    }
    if (Walk.isOpen(shard) || children.isEmpty())
      throw new AssertionError(shard.shardId() + "'s events ended, children: " + children);
  }

  private void live(String consumer, Shard shard) {
    try (Events events = new Events(consumer, shard, ShardIteratorType.LATEST)) {
      for (int number = 0; number < 10; number += 1) {
        SdkBytes data = SdkBytes.fromUtf8String("live-" + number);
        Walk.await(client.putRecord(r -> r.streamName(stream).partitionKey("live").data(data)
            .explicitHashKey(shard.hashKeyRange().startingHashKey())));
        List<Record> records = List.of();
        while (records.isEmpty()) records = events.next().orElseThrow().records();
        if (records.size() != 1 || !records.get(0).data().equals(data))
          throw new AssertionError(records + " was pushed instead of live-" + number);
      }
    }
  }

  /** One subscription, its events in a queue; an empty one is its end. */
  private final class Events implements AutoCloseable {
    private final BlockingQueue<Optional<SubscribeToShardEvent>> queue = new LinkedBlockingQueue<>();
    private final CompletableFuture<Subscription> subscribed = new CompletableFuture<>();
    private final CompletableFuture<Void> call;

    Events(String consumer, Shard shard, ShardIteratorType position) {
      call = client.subscribeToShard(
          r -> r.consumerARN(consumer).shardId(shard.shardId()).startingPosition(p -> p.type(position)),
          SubscribeToShardResponseHandler.builder().subscriber(this::subscriber).build());
      call.whenComplete((done, failure) -> {
        if (failure != null) subscribed.completeExceptionally(failure);
        queue.add(Optional.empty());
      });
      Walk.await(subscribed);
    }

    private org.reactivestreams.Subscriber<SubscribeToShardEventStream> subscriber() {
      return new org.reactivestreams.Subscriber<>() {
        @Override
        public void onSubscribe(Subscription subscription) {
          subscription.request(Long.MAX_VALUE);
          subscribed.complete(subscription);
        }

        @Override
        public void onNext(SubscribeToShardEventStream event) {
          if (event instanceof SubscribeToShardEvent records) queue.add(Optional.of(records));
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onComplete() {}
      };
    }

    Optional<SubscribeToShardEvent> next() {
      try {
        Optional<SubscribeToShardEvent> event = queue.poll(EVENT_SECONDS_MAX, TimeUnit.SECONDS);
        if (event == null) throw new AssertionError("no event in time");
        // Fails as the call did.
        if (event.isEmpty()) Walk.await(call);
        return event;
      } catch (InterruptedException interrupted) {
        throw new AssertionError(interrupted);
      }
    }

    @Override
    public void close() {
      subscribed.join().cancel();
    }
  }
}

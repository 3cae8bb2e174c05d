package millrace;

import java.nio.charset.StandardCharsets;
import software.amazon.kinesis.exceptions.InvalidStateException;
import software.amazon.kinesis.exceptions.ShutdownException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/** Writes every record into the deliveries and checkpoints after each batch. */
final class Processor implements ShardRecordProcessor {
  private final String worker;
  private final Deliveries deliveries;
  private String shardId;

  Processor(String worker, Deliveries deliveries) {
    this.worker = worker;
    this.deliveries = deliveries;
  }

  @Override
  public void initialize(InitializationInput input) {
    shardId = input.shardId();
  }

  @Override
  public void processRecords(ProcessRecordsInput input) {
    for (KinesisClientRecord record : input.records()) {
      int number = Integer.parseInt(StandardCharsets.UTF_8.decode(record.data()).toString());
      deliveries.take(worker, shardId, record.partitionKey(), number);
    }
    checkpoint(input.checkpointer());
  }

  @Override
  public void leaseLost(LeaseLostInput input) {}

  @Override
  public void shardEnded(ShardEndedInput input) {
    checkpoint(input.checkpointer());
    deliveries.end(shardId);
  }

  @Override
  public void shutdownRequested(ShutdownRequestedInput input) {
    checkpoint(input.checkpointer());
  }

  private void checkpoint(RecordProcessorCheckpointer checkpointer) {
    try {
      checkpointer.checkpoint();
    } catch (ShutdownException leaseIsGone) {
      // Another worker has the shard now and goes on from the last checkpoint.
    } catch (InvalidStateException tableIsGone) {
      throw new IllegalStateException(tableIsGone);
    }
  }
}

package millrace;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.services.kinesis.model.Record;

/** Holds what one pass over the stream reads to what {@link Walk} wrote: each record once, the keys' in order. */
final class Reading {
  private final Map<String, Integer> latestOfKey = new HashMap<>();
  private BigInteger lastSequence = BigInteger.ZERO;
  private int count;

  void startShard() {
    lastSequence = BigInteger.ZERO;
  }

  void take(List<Record> records) {
    for (Record record : records) {
      int number = Integer.parseInt(record.data().asUtf8String());
      String key = record.partitionKey();
      if (!key.equals(Walk.keyOf(number))) throw new AssertionError(number + " has the key " + key);
      Integer latest = latestOfKey.put(key, number);
      if (latest != null && number != latest + Walk.KEYS) throw new AssertionError(number + " came after " + latest);
      BigInteger sequence = new BigInteger(record.sequenceNumber());
      if (sequence.compareTo(lastSequence) <= 0) throw new AssertionError(sequence + " came after " + lastSequence);
      lastSequence = sequence;
      count += 1;
    }
  }

  void check(int expected) {
    if (count != expected || latestOfKey.size() != Walk.KEYS)
      throw new AssertionError(count + " records of " + latestOfKey.size() + " keys instead of " + expected);
  }
}

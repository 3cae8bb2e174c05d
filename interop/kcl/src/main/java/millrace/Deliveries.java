package millrace;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What all workers together have processed. Of each key the numbers must come in order and without a gap; a worker that
 * takes a lease over may begin again at its last checkpoint, so numbers that were seen before are no fault.
 */
final class Deliveries {
  static final int KEYS = 50;

  private final int total;
  private final BitSet seen = new BitSet();
  private final Map<String, Integer> latestOfKey = new HashMap<>();
  private final Map<String, Integer> countOfWorker = new HashMap<>();
  private final Set<String> endedShards = new HashSet<>();
  private final List<String> faults = new ArrayList<>();
  private int replays;

  Deliveries(int total) {
    this.total = total;
  }

  static String keyOf(int number) {
    return "key-" + number % KEYS;
  }

  synchronized void take(String worker, String shardId, String key, int number) {
    countOfWorker.merge(worker, 1, Integer::sum);
    if (!key.equals(keyOf(number))) faults.add(number + " has the key " + key);
    int expected = latestOfKey.containsKey(key) ? latestOfKey.get(key) + KEYS : number % KEYS;
    if (number > expected) faults.add(shardId + ": " + key + " went on with " + number + " instead of " + expected);
    if (number < expected) replays += 1;
    else latestOfKey.put(key, number);
    seen.set(number);
    notifyAll();
  }

  synchronized void end(String shardId) {
    endedShards.add(shardId);
    notifyAll();
  }

  /** Until so many workers have processed records. */
  synchronized void awaitWorkers(int count, long deadline) throws InterruptedException {
    while (countOfWorker.size() < count) waitUntil(deadline);
  }

  /** Until every record has been processed, and the last one of so many closed shards. */
  synchronized void awaitAll(int shardsEnded, long deadline) throws InterruptedException {
    while (seen.cardinality() < total || endedShards.size() < shardsEnded) waitUntil(deadline);
    if (!faults.isEmpty()) throw new AssertionError(faults.size() + " faults, the first: " + faults.get(0));
  }

  private void waitUntil(long deadline) throws InterruptedException {
    long left = deadline - System.currentTimeMillis();
    if (left <= 0) throw new AssertionError("in time came only " + this);
    wait(left);
  }

  @Override
  public synchronized String toString() {
    return seen.cardinality() + " records (" + replays + " again) by " + countOfWorker.size() + " workers, "
        + endedShards.size() + " shards read to their end, " + faults.size() + " faults";
  }
}

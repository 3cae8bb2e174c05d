import { type StoredMessage, storedMessageOf } from "../api/direct-get.ts";
import { PushNotifier } from "../api/push-notifier.ts";
import type { NatsReply, ServerConnection } from "../api/server-connection.ts";
import { positionOf } from "../format/log-message.ts";
import { kindOf } from "../format/subjects.ts";
import type { ShardState } from "./shard-state.ts";

/** What a slow follower of a shard finds in memory; what is older it reads from the servers. */
const heldBytesMax = 4 * 1024 * 1024;
const heldMessagesMax = 256;
/**
 * A push is lost when the connection breaks, and when the leader crashes between commit and push. So followers look by
 * themselves at least this often.
 */
const lookMs = 1_000;

/** The pushes of one shard, for all its followers in this gateway. */
export class PushFeed {
  readonly ready: Promise<void>;
  readonly #shard: ShardState;
  readonly #subscription: Disposable;
  #held: StoredMessage[] = [];
  #heldBytes = 0;
  readonly #notifier = new PushNotifier();

  constructor(connection: ServerConnection, shard: ShardState) {
    this.#shard = shard;
    const receive = (reply: NatsReply): void => this.#receive(storedMessageOf(reply));
    this.#subscription = connection.subscribe(shard.subjects.pushes, receive);
    // While the connection is broken a flush does not end; followers then look by themselves.
    this.ready = connection.isConnected ? connection.flush().catch(() => undefined) : Promise.resolve();
  }

  /** Grows with each change. */
  get version(): number {
    return this.#notifier.version;
  }

  /** The message that follows directly on what a reader has up to `sequence`, exclusive; undefined if it is not held. */
  following(sequence: number): StoredMessage | undefined {
    return this.#held.find((held) => held.sequence >= sequence && held.previousSequence < sequence);
  }

  /** Resolves when there has been a change since `version`, at an abort, or when it is time to look. */
  changed(version: number, signal: AbortSignal): Promise<void> {
    return this.#notifier.changed(version, signal, lookMs, () => undefined);
  }

  notify(): void {
    this.#notifier.notify();
  }

  close(): void {
    this.#subscription[Symbol.dispose]();
    this.notify();
  }

  #receive(message: StoredMessage): void {
    if (kindOf(message.subject) === "records") {
      this.#shard.hearOf(positionOf(message.sequence, 1));
      this.#held.push(message);
      this.#heldBytes += message.data.length;
      while (this.#heldBytes > heldBytesMax || this.#held.length > heldMessagesMax) {
        this.#heldBytes -= this.#held.shift()?.data.length ?? 0;
      }
    }
    this.notify();
  }
}

interface SharedFeed {
  readonly feed: PushFeed;
  userCount: number;
}

/** One subscription for each shard that has followers. */
export class ShardPushes {
  readonly #connection: ServerConnection;
  readonly #feeds = new Map<string, SharedFeed>();
  readonly #reconnects: Disposable;

  constructor(connection: ServerConnection) {
    this.#connection = connection;
    this.#reconnects = connection.onReconnect(() => this.#notifyAll());
  }

  /** The caller releases the feed once. */
  use(shard: ShardState): { readonly feed: PushFeed; readonly release: () => void } {
    const { pushes } = shard.subjects;
    const shared = this.#feeds.get(pushes) ?? { feed: new PushFeed(this.#connection, shard), userCount: 0 };
    this.#feeds.set(pushes, shared);
    shared.userCount += 1;
    const release = (): void => {
      shared.userCount -= 1;
      if (shared.userCount > 0) return;
      if (this.#feeds.get(pushes) === shared) this.#feeds.delete(pushes);
      shared.feed.close();
    };
    return { feed: shared.feed, release };
  }

  /** Lets the followers of a shard look again. */
  notify({ subjects: { pushes } }: ShardState): void {
    this.#feeds.get(pushes)?.feed.notify();
  }

  close(): void {
    this.#reconnects[Symbol.dispose]();
    this.#notifyAll();
  }

  #notifyAll(): void {
    for (const { feed } of this.#feeds.values()) feed.notify();
  }
}

import type { ShardLog } from "../../src/engine/shard-log.ts";

/** A log of which some calls are a test's own. */
export function logWith(log: ShardLog, own: Partial<ShardLog>): ShardLog {
  return {
    createShard: (...args) => log.createShard(...args),
    append: (...args) => log.append(...args),
    appendBatch: (...args) => log.appendBatch(...args),
    read: (...args) => log.read(...args),
    seek: (...args) => log.seek(...args),
    follow: (...args) => log.follow(...args),
    seal: (...args) => log.seal(...args),
    fenceBefore: (...args) => log.fenceBefore(...args),
    setRetention: (...args) => log.setRetention(...args),
    ...(log.freeBefore === undefined ? {} : { freeBefore: log.freeBefore.bind(log) }),
    dropShard: (...args) => log.dropShard(...args),
    dropStream: (...args) => log.dropStream(...args),
    ...own,
  };
}

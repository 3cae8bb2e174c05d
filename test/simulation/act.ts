// Makes one random call to an engine and compares the result with the model.
import assert from "node:assert/strict";
import { setImmediate as nextTick } from "node:timers/promises";
import { EngineError } from "../../src/engine/engine-error.ts";
import type { EngineModel, Session } from "./engine-model.ts";
import type { LogModel, SentEntry } from "./log-model.ts";

const hourMs = 3_600_000;
const streamCount = 3;
const shardCount = 3;
const keyCount = 5;
const livingLogsMax = 7;
const followTicksMax = 60;
const neverRevision = 2n ** 50n;

type Action = (model: EngineModel, session: Session) => Promise<void>;

const actions: readonly (readonly [number, Action])[] = [
  [55, append],
  [14, readSomewhere],
  [4, seekTime],
  [4, follow],
  [7, createShard],
  [2, sealShard],
  [2, dropShard],
  [1, dropStream],
  [5, setRetention],
  [12, swapDocument],
  [4, getDocument],
  [5, passTime],
  [3, settle],
  [3, readEverything],
  [2, flipBits],
];
const weightSum = actions.reduce((sum, [weight]) => sum + weight, 0);

export async function act(model: EngineModel, session: Session): Promise<void> {
  let dice = model.random.next() * weightSum;
  for (const [weight, action] of actions) {
    dice -= weight;
    if (dice < 0) {
      model.note(action.name);
      return action(model, session);
    }
  }
}

function pick<Item>({ random }: EngineModel, items: readonly Item[]): Item | undefined {
  return items[random.integer(0, items.length - 1)];
}

/** The error's kind. Throws if it is not an engine's error, or its kind has no reason in this session. */
function kindOf(error: unknown, { faults, isClosing, hasFlipped, disk }: Session): EngineError["kind"] {
  if (!(error instanceof EngineError)) throw error;
  if (error.kind === "closed") assert(isClosing, error.message);
  else if (error.kind === "corrupt") assert(hasFlipped, error.message);
  else if (error.kind === "unavailable" || error.kind === "indeterminate") {
    assert(faults.hasFailed || disk.isOff, error.message);
  } else assert(error.kind === "throttled" || error.kind === "not_found" || error.kind === "conflict", String(error));
  return error.kind;
}

async function append(model: EngineModel, session: Session): Promise<void> {
  const { random } = model;
  const nowMs = session.clock.nowMs();
  const logs = model.living;
  if (logs.length === 0) return createShard(model, session);
  const sent: { readonly log: LogModel; readonly entry: SentEntry }[] = [];
  for (let left = random.integer(1, 4); left > 0; left--) {
    const log = pick(model, logs);
    if (log === undefined) continue;
    const bodyBytes = random.next() < 0.7 ? random.integer(20, 400) : random.integer(400, session.bodyBytesMax);
    const count = random.next() < 0.8 ? random.integer(1, 5) : random.integer(1, 500);
    sent.push({ log, entry: log.send(count, bodyBytes, nowMs) });
  }
  const isDead = session.faults.hasLogFailed;
  const ended = new Set(sent.filter(({ log }) => log.seal === "done"));
  try {
    const outcomes = await session.engine.log.append(
      sent.map(({ log, entry: { count, timeMs, body } }) => ({ shard: log.ref, entry: { count, timeMs, body } })),
    );
    for (const [index, outcome] of outcomes.entries()) {
      const one = sent[index] ?? assert.fail("an outcome for each entry");
      const { log, entry } = one;
      if (outcome.kind === "fenced") {
        assert.notEqual(log.seal, "none", log.name);
        entry.fate = "refused";
        continue;
      }
      assert(!isDead, "nothing is acknowledged once a write has failed");
      assert(!ended.has(one), `${log.name} was sealed before`);
      assert.equal(outcome.position, entry.position ?? outcome.position, log.name);
      entry.position = outcome.position;
      entry.fate = "stored";
    }
  } catch (error) {
    const kind = kindOf(error, session);
    assert(kind !== "not_found" || sent.some(({ log }) => log.drop !== "none"), String(error));
    if (kind !== "indeterminate") for (const { entry } of sent) entry.fate = "refused";
  }
}

/** Runs a read; accepts errors of the disk, and of a log that is being dropped. */
async function reading(log: LogModel, session: Session, read: () => Promise<void>): Promise<void> {
  const wasDropped = log.drop === "done";
  try {
    await read();
    assert(!wasDropped, `${log.name} was dropped before`);
  } catch (error) {
    const kind = kindOf(error, session);
    if (kind === "not_found") assert.notEqual(log.drop, "none", log.name);
    else assert(kind === "unavailable" || kind === "closed" || kind === "corrupt", String(error));
  }
}

async function readSomewhere(model: EngineModel, session: Session): Promise<void> {
  const log = pick(model, model.logs);
  if (log === undefined) return;
  const storedEnd = log.storedEnd;
  const from = BigInt(model.random.integer(1, Number(storedEnd)));
  const limit = { entriesMax: model.random.integer(1, 20), bytesMax: model.random.integer(1, 20_000) };
  await reading(log, session, async () => {
    log.checkPage(from, await session.engine.log.read(log.ref, from, limit), storedEnd);
  });
}

async function seekTime(model: EngineModel, session: Session): Promise<void> {
  const log = pick(model, model.logs);
  const entry = log === undefined ? undefined : pick(model, log.entries);
  if (log === undefined || entry === undefined) return;
  const timeMs = entry.storedMs ?? entry.storedMsMin;
  const { fate, position } = entry;
  await reading(log, session, async () => {
    const found = await session.engine.log.seek(log.ref, { at: "time", timeMs });
    // Entries before the found position are older than the time sought.
    if (fate === "stored" && position !== undefined && !log.mayBeGone(entry)) assert(found <= position, log.name);
  });
}

/** Follows from a random position for some ticks of the event loop, while other calls run. */
async function follow(model: EngineModel, session: Session): Promise<void> {
  const log = pick(model, model.logs);
  if (log === undefined) return;
  let from = BigInt(model.random.integer(1, Number(log.storedEnd)));
  const stopping = new AbortController();
  const options = { signal: stopping.signal, bufferedBytesMax: model.random.integer(1, 10_000) };
  const ticks = model.random.integer(1, followTicksMax);
  const following = reading(log, session, async () => {
    for await (const batch of session.engine.log.follow(log.ref, from, options)) {
      log.checkEntries(from, batch);
      const last = batch.at(-1) ?? assert.fail("a batch holds something");
      from = last.position + BigInt(last.count);
    }
  });
  for (let left = ticks; left > 0; left--) await nextTick();
  stopping.abort();
  await following;
}

async function createShard(model: EngineModel, session: Session): Promise<void> {
  const [stream, index] = [model.random.integer(1, streamCount), model.random.integer(0, shardCount - 1)];
  if (model.living.length >= livingLogsMax) return;
  const dropsBefore = model.streamDrops.get(`stream-${stream}`);
  try {
    const known = model.logs.length;
    const log = model.found(await session.engine.log.createShard(`stream-${stream}`, index, { openShardCount: 1 }));
    if (model.logs.length > known) log.timePasses(session.clock.nowMs());
    if (model.streamDrops.get(`stream-${stream}`) !== dropsBefore && log.drop === "none") log.drop = "sent";
  } catch (error) {
    kindOf(error, session);
  }
}

/** A refused seal leaves the state of its log unknown until the next session: another seal may be in flight. */
async function sealShard(model: EngineModel, session: Session): Promise<void> {
  const log = pick(model, model.living);
  if (log === undefined) return;
  if (log.seal === "none") log.seal = "sent";
  try {
    const { end } = await session.engine.log.seal(log.ref, `seal ${log.name}`);
    assert(end >= log.storedEnd, log.name);
    log.seal = "done";
  } catch (error) {
    kindOf(error, session);
  }
}

async function dropShard(model: EngineModel, session: Session): Promise<void> {
  const log = pick(model, model.logs);
  if (log !== undefined) await drop([log], session, () => session.engine.log.dropShard(log.ref));
}

async function dropStream(model: EngineModel, session: Session): Promise<void> {
  const streamId = `stream-${model.random.integer(1, streamCount)}`;
  const logs = model.logs.filter(({ ref }) => ref.streamId === streamId);
  const refs = logs.map(({ ref }) => ref);
  model.streamDrops.set(streamId, (model.streamDrops.get(streamId) ?? 0) + 1);
  await drop(logs, session, () => session.engine.log.dropStream(streamId, refs));
}

async function drop(logs: readonly LogModel[], session: Session, dropping: () => Promise<void>): Promise<void> {
  for (const log of logs) if (log.drop === "none") log.drop = "sent";
  try {
    await dropping();
    for (const log of logs) log.drop = "done";
  } catch (error) {
    kindOf(error, session);
  }
}

async function setRetention(model: EngineModel, session: Session): Promise<void> {
  const streamId = `stream-${model.random.integer(1, streamCount)}`;
  const logs = model.living.filter(({ ref }) => ref.streamId === streamId);
  const retentionMs = model.random.integer(1, 6) * hourMs;
  model.note(`${streamId} keeps ${retentionMs / hourMs} h`);
  for (const log of logs) log.retain(retentionMs, session.clock.nowMs());
  try {
    const refs = logs.map(({ ref }) => ref);
    await session.engine.log.setRetention(streamId, refs, retentionMs);
    for (const log of logs) log.retained(retentionMs);
  } catch (error) {
    kindOf(error, session);
  }
}

async function swapDocument(model: EngineModel, session: Session): Promise<void> {
  const { random, documents } = model;
  const key = `key ${random.integer(1, keyCount)}`;
  const { engine } = session;
  const isStale = random.next() < 0.1;
  const isDelete = random.next() < 0.2;
  const value = isDelete ? undefined : `${random.next()} `.repeat(random.integer(1, 40));
  let expected = 0n;
  let version: ReturnType<typeof documents.send> | undefined;
  try {
    const present = await engine.documents.get(key);
    documents.check(key, present);
    expected = (present?.revision ?? 0n) + (isStale ? neverRevision : 0n);
    version = documents.send(key, value);
    const bytes = value === undefined ? null : Buffer.from(value);
    const revision = await engine.documents.compareAndSwap(key, bytes, expected);
    assert(!isStale, "a stale revision is a conflict");
    documents.done(key, version, revision);
  } catch (error) {
    const kind = kindOf(error, session);
    if (version === undefined || kind === "indeterminate") return;
    documents.refused(key, version);
    if (kind === "conflict") documents.checkConflict(key, expected);
  }
}

async function getDocument(model: EngineModel, session: Session): Promise<void> {
  const key = `key ${model.random.integer(1, keyCount)}`;
  try {
    model.documents.check(key, await session.engine.documents.get(key));
  } catch (error) {
    kindOf(error, session);
  }
}

/** Minutes or hours, in steps; sometimes the wall clock steps back. */
async function passTime(model: EngineModel, { clock }: Session): Promise<void> {
  const stepMs = Math.floor(model.random.next() * 2 * hourMs);
  // A concurrent call may step back while the clock advances.
  model.timePasses(clock.nowMs() + stepMs);
  if (model.random.next() < 0.1) clock.set(clock.nowMs() - stepMs);
  else await clock.advance(stepMs);
  model.timePasses(clock.nowMs());
  model.note(`it is ${new Date(clock.nowMs()).toISOString()}`);
}

async function settle(_model: EngineModel, session: Session): Promise<void> {
  try {
    await session.engine.settled();
  } catch (error) {
    kindOf(error, session);
  }
}

async function readEverything(model: EngineModel, session: Session): Promise<void> {
  try {
    await model.checkAll(session, false);
  } catch (error) {
    if (kindOf(error, session) !== "closed") throw error;
  }
}

/** Flips bits of a durable file for a while: no read may return wrong bytes, and no file may be rewritten from them. */
async function flipBits(model: EngineModel, session: Session): Promise<void> {
  const { disk } = session;
  const { random } = model;
  const path = pick(
    model,
    disk.paths().filter((name) => /\.(wal|segment)$/.test(name) && disk.isSettled(name)),
  );
  if (path === undefined || disk.isOff) return;
  session.hasFlipped = true;
  for (let left = random.integer(1, 3); left > 0; left--) {
    const at = random.integer(0, disk.lengthOf(path) - 1);
    model.note(`flip ${path} at ${at}`);
    disk.flip(path, at, 1 << random.integer(0, 7));
  }
  await readEverything(model, session);
  disk.heal();
}

/** A ClientDriver that a Python script beside this file carries out; see driver_loop.py for the lines between them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type ClientDriver, clientEnvironment } from "./client-driver.ts";

export interface PythonScript {
  readonly python: string;
  readonly script: "boto2_driver.py" | "boto3_driver.py";
  readonly args: readonly string[];
}

export function startPythonDriver({ python, script, args }: PythonScript): ClientDriver {
  const child = spawn(python, ["-B", join(import.meta.dirname, script), ...args], {
    env: { ...process.env, ...clientEnvironment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // Python answers one line at a time: the calls take turns, whatever the workload has in flight.
  let turn: Promise<unknown> = Promise.resolve();
  const call = <T>(name: string, ...callArguments: readonly unknown[]): Promise<T> => {
    const answered = turn.then(async () => {
      child.stdin.write(`${JSON.stringify({ call: name, arguments: callArguments })}\n`);
      const line = await answers.next();
      if (line.done === true) throw new Error(`${python} ${script} ended during ${name}`);
      const answer = JSON.parse(line.value) as { readonly result: T } | { readonly error: string };
      if ("error" in answer) throw new Error(`${name}: ${answer.error}`);
      return answer.result;
    });
    turn = answered.catch(() => undefined);
    return answered;
  };
  return {
    createStream: (streamName, shardCount) => call("createStream", streamName, shardCount),
    waitUntilActive: (streamName) => call("waitUntilActive", streamName),
    listStreams: () => call("listStreams"),
    listShards: (streamName) => call("listShards", streamName),
    putRecords: (streamName, entries) => call("putRecords", streamName, entries),
    readShard: (streamName, shardId) => call("readShard", streamName, shardId),
    splitShard: (streamName, shardId, newStartingHashKey) =>
      call("splitShard", streamName, shardId, newStartingHashKey),
    mergeShards: (streamName, shardId, adjacentShardId) => call("mergeShards", streamName, shardId, adjacentShardId),
    addTags: (streamName, tags) => call("addTags", streamName, tags),
    listTags: (streamName) => call("listTags", streamName),
    removeTags: (streamName, keys) => call("removeTags", streamName, keys),
    deleteStream: (streamName) => call("deleteStream", streamName),
    waitUntilGone: (streamName) => call("waitUntilGone", streamName),
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

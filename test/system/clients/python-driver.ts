/** A ClientDriver that a Python script beside this file carries out. */
import type { ClientDriver } from "./client-driver.ts";
import { type PythonScript, startPythonCalls } from "./python-calls.ts";

export function startPythonDriver(script: PythonScript): ClientDriver {
  const { call, close } = startPythonCalls(script);
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
    close,
  };
}

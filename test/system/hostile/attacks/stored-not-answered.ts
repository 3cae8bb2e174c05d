import { RawConnection } from "../../../support/raw-connection.ts";
import { type Attack, bytesOf, signed, type Target } from "../attack.ts";
import { openConnection } from "../attack-connection.ts";

/** What follows a put: the end of the client's half of the connection, or bytes that are no HTTP. */
const endings: Readonly<Record<string, string>> = { "a half-close": "", garbage: "\u0000\u0001garbage\r\n\r\n" };

/** Longest wait for a response, or for the end of the connection. */
const waitMsMax = 5_000;

/** Whether a put got its response before the connection closed. */
async function isAnswered(target: Target, key: string, ending: string): Promise<boolean> {
  const connection = await openConnection(target.port, { keeps: true, allowHalfOpen: true });
  if (connection === undefined) return false;
  const { socket, received } = connection;
  const put = bytesOf(signed(target, "PutRecord", { StreamName: target.streamName, PartitionKey: key, Data: "QQ==" }));
  if (ending === "") socket.end(put);
  else socket.write(Buffer.concat([put, Buffer.from(ending, "latin1")]));
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, waitMsMax);
    socket.on("end", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  socket.destroy();
  return received().includes("SequenceNumber");
}

async function storedKeys(target: Target): Promise<ReadonlySet<string>> {
  const connection = await RawConnection.open(target.port);
  const { streamName: StreamName } = target;
  const place = { StreamName, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
  let { ShardIterator } = (await connection.send(signed(target, "GetShardIterator", place))).json;
  const keys = new Set<string>();
  for (let isBehind = true; isBehind; ) {
    const { json } = await connection.send(signed(target, "GetRecords", { ShardIterator }));
    const records = json["Records"] as readonly { readonly PartitionKey: string }[];
    for (const { PartitionKey } of records) keys.add(PartitionKey);
    isBehind = json["MillisBehindLatest"] !== 0;
    ShardIterator = json["NextShardIterator"];
  }
  connection.close();
  return keys;
}

export const storedNotAnswered: Attack = {
  name: "puts before a half-close or before garbage",
  async run(target, signal) {
    const unanswered = new Map<string, string>();
    const counts = new Map(Object.keys(endings).map((name) => [name, 0]));
    for (let round = 0; !signal.aborted; round++) {
      for (const [name, ending] of Object.entries(endings)) {
        const keys = Array.from({ length: 8 }, (_, index) => `${name} ${round} ${index}`);
        const answers = await Promise.all(keys.map((key) => isAnswered(target, key, ending)));
        for (const [index, key] of keys.entries()) if (answers[index] !== true) unanswered.set(key, name);
        counts.set(name, (counts.get(name) ?? 0) + keys.length);
      }
    }
    const stored = await storedKeys(target);
    return Object.keys(endings).flatMap((name) => {
      const lost = [...unanswered].filter(([key, ending]) => ending === name && stored.has(key)).length;
      return lost === 0 ? [] : [`${lost} of ${counts.get(name)} puts before ${name} were stored without a response`];
    });
  },
};

import { type Attack, bytesOf, signed } from "../attack.ts";
import { type AttackConnection, openConnection, repeat } from "../attack-connection.ts";
import { readRequest } from "./read-request.ts";

const readerCount = 100;
const pipelinedCount = 5;
const writerCount = 200;
/** Once in this time each reader takes what its socket holds. */
const readMs = 1_000;

export const slowReaders: Attack = {
  name: "100 slow readers with 5 pages each, 200 writers",
  filledBytes: 12 * 1024 ** 2,
  async run(target, signal) {
    const request = Buffer.concat(Array(pipelinedCount).fill(await readRequest(target)));
    const open = () => openConnection(target.port, { reads: false });
    const connections = await Promise.all(Array.from({ length: readerCount }, open));
    const readers = connections.filter((each): each is AttackConnection => each !== undefined);
    for (const { socket } of readers) socket.write(request);
    const reading = setInterval(() => {
      for (const { socket } of readers) socket.read();
    }, readMs);
    const put = { StreamName: target.streamName, PartitionKey: "k", Data: "A".repeat(1_000) };
    const requests = () => [bytesOf(signed(target, "PutRecord", put))];
    await repeat(target.port, requests, { connectionCount: writerCount, signal });
    clearInterval(reading);
    for (const { socket } of readers) socket.destroy();
    return [];
  },
};

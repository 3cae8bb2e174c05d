import { type ClientHttp2Session, connect } from "node:http2";
import type { Attack } from "../attack.ts";
import { untilAborted } from "../attack-connection.ts";

const sessionCount = 20;
const streamCount = 250;
const body = Buffer.alloc(1024 ** 2 - 1, "a");

function openSession(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  for (let index = 0; index < streamCount; index++) {
    const stream = session.request({
      ":method": "POST",
      ":path": "/",
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "Kinesis_20131202.PutRecord",
    });
    stream.on("error", () => undefined);
    stream.write(body);
  }
  return session;
}

export const http2UnfinishedBodies: Attack = {
  name: "unfinished bodies of 20 sessions of HTTP/2",
  async run({ port }, signal) {
    const sessions = Array.from({ length: sessionCount }, () => openSession(port));
    await untilAborted(signal);
    for (const session of sessions) session.destroy();
    return [];
  },
};

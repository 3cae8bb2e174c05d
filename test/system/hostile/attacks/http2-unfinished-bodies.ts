import { type ClientHttp2Session, connect } from "node:http2";
import { type Attack, signed, type Target } from "../attack.ts";
import { untilAborted } from "../attack-connection.ts";

const sessionCount = 20;
const streamCount = 250;
const body = Buffer.alloc(1024 ** 2 - 1, "a");

function openSession(target: Target): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${target.port}`);
  session.on("error", () => undefined);
  // The signature of another body: nothing is verified before the last byte.
  const { host: _, ...headers } = signed(target, "PutRecord", "").headers;
  for (let index = 0; index < streamCount; index++) {
    const stream = session.request({ ":method": "POST", ":path": "/", ...headers });
    stream.on("error", () => undefined);
    stream.write(body);
  }
  return session;
}

export const http2UnfinishedBodies: Attack = {
  name: "unfinished bodies of 20 sessions of HTTP/2",
  async run(target, signal) {
    const sessions = Array.from({ length: sessionCount }, () => openSession(target));
    await untilAborted(signal);
    for (const session of sessions) session.destroy();
    return [];
  },
};

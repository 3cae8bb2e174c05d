import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { ChunkedBody } from "../../../../src/server/http/chunked-body.ts";

function socketThat(write: (chunk: Buffer, done: (error?: Error) => void) => void): Socket {
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => write(chunk, done),
    autoDestroy: false,
  });
  socket.on("error", () => undefined);
  return socket as Socket;
}

test("each write is a chunk, an empty one is none, and the socket stays open", async () => {
  let sent = "";
  const socket = socketThat((chunk, done) => {
    sent += chunk.toString();
    done();
  });
  const body = new ChunkedBody(socket);
  body.write("one");
  body.write("");
  body.end("sixteen bytes...");
  await once(body, "finish");
  assert.equal(sent, "3\r\none\r\n10\r\nsixteen bytes...\r\n0\r\n\r\n");
  assert.equal(socket.destroyed, false);
});

test("a client that leaves in the middle of its events does not end the server", async () => {
  const body = new ChunkedBody(
    socketThat((_, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }))),
  );
  body.write("event");
  await new Promise((resolve) => body.once("close", resolve));
  assert.equal(body.destroyed, true);
});

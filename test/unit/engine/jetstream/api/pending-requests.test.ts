import assert from "node:assert/strict";
import { test } from "node:test";
import type { NatsConnection } from "@nats-io/transport-node";
import { jsonOf, PendingRequests } from "../../../../../src/engine/jetstream/api/pending-requests.ts";

interface Reply {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: { readonly code: number };
}

/** The servers as a test plays them. */
class Servers {
  readonly replySubjects: string[] = [];
  isClosed = false;
  answer: (reply: Reply) => void = () => undefined;

  get connection(): NatsConnection {
    const connection = {
      subscribe: (_: string, { callback }: { callback: (error: null, reply: Reply) => void }) => {
        this.answer = (reply) => callback(null, reply);
      },
      publish: (_subject: string, _data: unknown, { reply }: { reply: string }) => {
        if (this.isClosed) throw new Error("closed");
        this.replySubjects.push(reply);
      },
    };
    return connection as unknown as NatsConnection;
  }
}

const nothing = new Uint8Array();

test("each request gets its own reply, in whatever order replies come", async () => {
  const servers = new Servers();
  const requests = new PendingRequests(servers.connection, "inbox");
  const sent = ["a", "b", "c"].map((subject) => requests.request(subject, nothing, { timeoutMs: 1_000 }));
  for (const subject of servers.replySubjects.toReversed()) {
    servers.answer({ subject, data: Buffer.from(JSON.stringify(subject)) });
  }
  const outcomes = await Promise.all(sent);
  const texts = outcomes.map((outcome) => (typeof outcome === "string" ? outcome : jsonOf(outcome)));
  assert.deepEqual(texts, servers.replySubjects);
  requests.close();
});

test("a request that nothing takes is told from one without an answer, which may have been done", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let nowMs = 0;
  t.mock.method(performance, "now", () => nowMs);
  const servers = new Servers();
  const requests = new PendingRequests(servers.connection, "inbox");
  const unserved = requests.request("a", nothing, { timeoutMs: 1_000 });
  const unanswered = requests.request("b", nothing, { timeoutMs: 1_000 });
  const later = requests.request("c", nothing, { timeoutMs: 9_000 });
  servers.answer({ subject: servers.replySubjects[0] as string, data: nothing, headers: { code: 503 } });
  assert.equal(await unserved, "unserved");
  nowMs = 1_000;
  t.mock.timers.tick(100);
  assert.equal(await unanswered, "unanswered");
  // A reply behind its time meets no request.
  servers.answer({ subject: servers.replySubjects[1] as string, data: nothing });
  requests.close();
  assert.equal(await later, "unanswered");
});

test("a request on a closed connection is unanswered at once", async () => {
  const servers = new Servers();
  const requests = new PendingRequests(servers.connection, "inbox");
  servers.isClosed = true;
  assert.equal(await requests.request("a", nothing, { timeoutMs: 1_000 }), "unanswered");
  requests.close();
});

test("a reply that is no JSON is no answer", () => {
  assert.equal(jsonOf({ data: nothing }), undefined);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { jsonContentType } from "../support/call.ts";
import { send } from "../support/send.ts";
import { target } from "../support/target.ts";

describe("Web pages", () => {
  test("a page of another host may not call a server that lets any signature pass", async () => {
    for (const Origin of ["https://example.com", "http://192.168.1.1:8080", "null"]) {
      for (const method of ["OPTIONS", "POST"]) {
        const headers = { Origin, "Content-Type": jsonContentType };
        const { status, headers: answered } = await send(target().endpoint, { method, headers, body: "{}" });
        assert.equal(status, 403);
        assert.equal("access-control-allow-origin" in answered, false);
      }
    }
  });
});

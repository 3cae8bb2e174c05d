import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { ServerProcess } from "../../support/start-server.ts";
import { testSnippets } from "./run-snippets.ts";
import { root } from "./snippets.ts";
import { withPort } from "./workplace.ts";

testSnippets("docs/clients/javascript.md", {
  "JavaScript and TypeScript 1": {
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
      symlinkSync(join(root, "node_modules"), place.path("node_modules"));
      place.write("orders.mjs", withPort(code, server.port));
      assert.equal((await place.run("node orders.mjs")).stdout, "alice hello alice\nbob hello bob\n");
    },
  },
});

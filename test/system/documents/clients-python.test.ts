import assert from "node:assert/strict";
import { newestPython } from "../../support/available-tools.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { testSnippets } from "./run-snippets.ts";
import { withPort } from "./workplace.ts";

testSnippets("docs/clients/python.md", {
  "Python 1": {
    needs: ["boto3"],
    async run({ code }, place) {
      await using server = await ServerProcess.start({ args: ["--engine", "memory"] });
      const found = newestPython("boto3");
      assert(found !== undefined);
      place.write("orders.py", withPort(code, server.port));
      assert.equal((await place.run(`'${found.python}' orders.py`)).stdout, "alice hello alice\nbob hello bob\n");
    },
  },
});

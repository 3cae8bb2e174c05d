import assert from "node:assert/strict";
import { newestPython } from "../../support/available-tools.ts";
import { testSnippets } from "./run-snippets.ts";

testSnippets("docs/coming-from.md", {
  "kinesalite 1": {
    async run({ code }, place) {
      const served = await place.serve(code.replace("4567", "0"));
      assert.equal((await fetch(`${served.endpoint}/health`)).status, 200);
      await served.stop();
    },
  },

  "kinesalite 2": {
    async run({ code }, place) {
      place.linkMillrace();
      const effect = "console.log((await fetch(millrace.endpoint + '/health')).status);";
      place.write("program.mjs", code.replace("4567", "0").replace("// … the tests …", effect));
      assert.equal((await place.run("node program.mjs")).stdout, "200\n");
    },
  },

  // pytest calls the fixture as this does.
  "moto 1": {
    needs: ["boto3"],
    async run({ code }, place) {
      const found = newestPython("boto3");
      assert(found !== undefined);
      place.write("pytest.py", "def fixture(**options):\n    return lambda function: function\n");
      const calls = "\nmade = kinesis()\ntest_put(next(made))\nassert next(made, None) is None\nprint('passed')\n";
      place.write("program.py", code + calls);
      assert.equal((await place.run(`'${found.python}' program.py`)).stdout, "passed\n");
    },
  },
});

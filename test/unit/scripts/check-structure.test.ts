import assert from "node:assert/strict";
import { test } from "node:test";
import { findFaults } from "../../../scripts/check-structure.ts";

/** Files that import each other as given, all reachable from the entry point. */
function faultsOf(files: Readonly<Record<string, string>>): readonly string[] {
  const everything = Object.keys(files)
    .filter((path) => path.startsWith("src/"))
    .map((path) => `import "../../${path}";`);
  const entryPoint = {
    "src/cli/cli.ts": 'import "../app/start-server.ts";',
    "src/app/start-server.ts": everything.join("\n").replaceAll("../../src", ".."),
  };
  return findFaults(new Map(Object.entries({ ...entryPoint, ...files })));
}

test("findFaults() is content with imports downwards, within a module, and of an engine by a composition root", () => {
  assert.deepEqual(
    faultsOf({
      "src/server/http/listen.ts":
        'import { a } from "./detect-connection-protocol.ts";\nimport type { C } from "../../config/config.ts";',
      "src/server/http/detect-connection-protocol.ts": 'import { x } from "node:net";',
      "src/config/config.ts": "",
      "src/engine/engine.ts": "",
      "src/engine/memory/memory-engine.ts": 'import type { Engine } from "../engine.ts";\nimport { b } from "./b.ts";',
      "src/engine/memory/b.ts": 'import { Clock } from "../../time/clock.ts";',
      "src/time/clock.ts": "",
    }),
    [],
  );
});

test("findFaults() sees an import upwards, also a dynamic one, a re-export and one over several lines", () => {
  for (const statement of [
    'await import("../server/http/a.ts")',
    'export { a } from "../server/http/a.ts"',
    'import {\n  a,\n} from "../server/http/a.ts"',
  ]) {
    assert.deepEqual(faultsOf({ "src/streams/b.ts": statement, "src/server/http/a.ts": "" }), [
      "src/streams/b.ts: src/streams may not import src/server/http, src/server/http/a.ts",
    ]);
  }
});

test("findFaults() keeps the modules of one layer apart", () => {
  assert.deepEqual(faultsOf({ "src/config/a.ts": 'import "../time/b.ts";', "src/time/b.ts": "" }), [
    "src/config/a.ts: src/config may not import src/time, src/time/b.ts",
  ]);
});

test("findFaults() keeps engines from the rules, from each other and from everything but the composition roots", () => {
  const faults = faultsOf({
    "src/engine/memory/a.ts": 'import "../../streams/c.ts";\nimport "../embedded/b.ts";',
    "src/engine/embedded/b.ts": "",
    "src/streams/c.ts": "",
    "src/shards/d.ts": 'import "../engine/memory/a.ts";',
  });
  assert.deepEqual(faults, [
    "src/engine/memory/a.ts: src/engine/memory may not import src/streams, src/streams/c.ts",
    "src/engine/memory/a.ts: an engine may not import src/streams/c.ts",
    "src/engine/memory/a.ts: src/engine/memory may not import src/engine/embedded, src/engine/embedded/b.ts",
    "src/engine/memory/a.ts: only a composition root may import the engine embedded, src/engine/embedded/b.ts",
    "src/shards/d.ts: only a composition root may import the engine memory, src/engine/memory/a.ts",
  ]);
});

test("findFaults() sees unknown modules, imports of nothing and imports from outside of the source", () => {
  const faults = faultsOf({
    "src/attic/a.ts": "",
    "src/streams/b.ts": 'import "./gone.ts";\nimport "../../scripts/check-structure.ts";',
    "src/streams/c.ts": 'import "../attic/a.ts";',
    "scripts/check-structure.ts": "",
  });
  assert.ok(faults.includes("src/streams/b.ts: imports src/streams/gone.ts, which does not exist"));
  assert.ok(
    faults.includes("src/streams/b.ts: imports scripts/check-structure.ts, which belongs to no module of the list"),
  );
  assert.ok(faults.includes("src/streams/c.ts: imports src/attic/a.ts, which belongs to no module of the list"));
});

test("findFaults() sees a file that nothing imports, and two that only import each other", () => {
  const tree = new Map(
    Object.entries({
      "src/cli/cli.ts": "",
      "src/streams/a.ts": 'import "./b.ts";',
      "src/streams/b.ts": 'import "./a.ts";',
    }),
  );
  assert.deepEqual(findFaults(tree), ["src/streams/a.ts: nothing imports it", "src/streams/b.ts: nothing imports it"]);
});

test("findFaults() sees names that say nothing, whole or at the end", () => {
  assert.deepEqual(
    faultsOf({ "src/streams/string-utils.ts": "", "src/streams/common.ts": "", "src/model/service-error.ts": "" }),
    ["src/streams/string-utils.ts: a name that says nothing", "src/streams/common.ts: a name that says nothing"],
  );
});

test("findFaults() asks a file over 400 lines for its reason, in its first 10 lines", () => {
  const long = (header: string) => `${header}\n${"x\n".repeat(400)}`;
  assert.deepEqual(
    faultsOf({
      "src/streams/a.ts": long(""),
      "src/streams/b.ts": long("// Long because: it is one table."),
      "src/streams/c.ts": `${long("")}// Long because: too late`,
      "src/streams/d.generated.ts": long(""),
      "src/streams/e.ts": "x\n".repeat(400),
    }).map((fault) => fault.split(" lines")[0]),
    ["src/streams/a.ts: 401", "src/streams/c.ts: 401"],
  );
});

test("findFaults() wants a unit test to stand where its source does", () => {
  assert.deepEqual(
    faultsOf({
      "test/unit/streams/gone.test.ts": "",
      "test/unit/scripts/check-structure.test.ts": "",
      "scripts/check-structure.ts": "",
    }),
    ["test/unit/streams/gone.test.ts: there is no src/streams/gone.ts for it to test"],
  );
});

test("findFaults() sees an import upwards between the modules inside an engine", () => {
  const files = {
    "src/engine/embedded/format/a.ts": 'import "../state/b.ts";',
    "src/engine/embedded/state/b.ts": "",
    "src/engine/embedded/c.ts": 'import "./format/a.ts";',
    "src/app/start-server.ts": 'import "../engine/embedded/c.ts";',
  };
  assert.deepEqual(faultsOf(files), [
    "src/engine/embedded/format/a.ts: src/engine/embedded/format may not import src/engine/embedded/state, src/engine/embedded/state/b.ts",
  ]);
});

test("findFaults() sees a folder of more than 25 files", () => {
  const files = Object.fromEntries(Array.from({ length: 26 }, (_, i) => [`src/time/t${i}.ts`, ""]));
  assert.deepEqual(faultsOf(files), ["src/time: 26 files, at most 25"]);
});

test("findFaults() lets groups of tests share code through test/support only", () => {
  const support = "test/support/a.ts";
  const files = {
    [support]: 'import "../../src/time/t.ts";\nimport "../system/crash/b.ts";',
    "src/time/t.ts": "",
    "conformance/c.ts": 'import "../test/support/a.ts";',
    "test/conformance/d.ts": 'import "../../conformance/c.ts";',
    "test/system/crash/b.ts": 'import "../../support/a.ts";\nimport "../auth/e.ts";',
    "test/system/auth/e.ts": 'import "./f.ts";',
    "test/system/auth/f.ts": "",
    "test/golden/g.ts": 'import "../unit/streams/h.ts";',
    "test/unit/time/i.ts": 'import "../streams/h.ts";',
    "test/unit/streams/h.ts": "",
  };
  assert.deepEqual(faultsOf(files), [
    "test/support/a.ts: test/support may not import test/system/crash/b.ts",
    "conformance/c.ts: conformance may not import test/support/a.ts",
    "test/system/crash/b.ts: test/system/crash may not import test/system/auth/e.ts",
    "test/golden/g.ts: test/golden may not import test/unit/streams/h.ts",
  ]);
});

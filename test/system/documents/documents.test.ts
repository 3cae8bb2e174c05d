import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { documents, parseSnippets, root, snippetsIn } from "./snippets.ts";

/** The snippets that no test runs. A new one is a change here, and a reason in the document. */
const notRun: readonly string[] = [
  "conformance/README.md: Conformance 1",
  "docs/cluster.md: Servers 1",
  "docs/cluster.md: Moving a data directory into a cluster, and back 1",
  "docs/coming-from.md: LocalStack 1",
  "docs/coming-from.md: kinesis-mock 1",
  "docs/containers.md: Getting the image 1",
  "docs/containers.md: Getting the image 2",
  "docs/containers.md: Running it 1",
  "docs/kubernetes.md: Kubernetes 1",
  "docs/kubernetes.md: Values 1",
  "docs/kubernetes.md: Over NATS servers 1",
  "docs/kubernetes.md: Upgrades and backups 1",
  "docs/observability.md: OpenTelemetry 1",
  "docs/queues.md: Teaching an AWS CLI 1",
];

/** Where bytes or modules are drawn, in blocks without a language. */
const drawings: ReadonlySet<string> = new Set(["ARCHITECTURE.md", "docs/file-format.md"]);

test("a snippet that is not run says why in its document, and is on the list", () => {
  const marked = documents().flatMap((path) => snippetsIn(path).filter((snippet) => snippet.notRun !== undefined));
  assert.deepEqual(
    marked.map(({ name }) => name),
    notRun,
  );
});

test("each document with snippets has a test that runs them", () => {
  for (const path of documents()) {
    if (!snippetsIn(path).some(({ notRun, language }) => notRun === undefined && language !== "")) continue;
    const name = path
      .replaceAll("/", "-")
      .replace(/\.md$/, "")
      .toLowerCase()
      .replace(/^docs-/, "");
    const file = join(import.meta.dirname, `${name}.test.ts`);
    assert(existsSync(file), `${path} has snippets, but there is no ${file}`);
    assert(
      readFileSync(file, "utf8").includes(`testSnippets("${path}"`),
      `${file} does not run the snippets of ${path}`,
    );
  }
});

test("a block without a language is a drawing", () => {
  for (const path of documents()) {
    const count = snippetsIn(path).filter(({ language }) => language === "").length;
    assert(count === 0 || drawings.has(path), `${path} has a block that says no language`);
  }
});

test("each link within the documents leads to a file, and to a heading of it", () => {
  const broken: string[] = [];
  for (const path of documents()) {
    const text = readFileSync(join(root, path), "utf8").replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [file = "", anchor] = target.split("#");
      const found = file === "" ? path : join(path, "..", file);
      if (!existsSync(join(root, found)) || (anchor !== undefined && !anchorsOf(found).has(anchor))) {
        broken.push(`${path}: ${target}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

/** As GitHub makes them of headings. */
function anchorsOf(path: string): ReadonlySet<string> {
  const headings = readFileSync(join(root, path), "utf8").matchAll(/^#+ (.+)$/gm);
  const anchors = [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(anchors);
}

test("snippets are named by document, heading and place, and keep their marks", () => {
  const text = [
    "# A",
    "```sh",
    "one",
    "```",
    "## B",
    "<!-- not run: an example -->",
    "```js",
    "# two",
    "```",
    "```js",
    "three",
    "```",
  ];
  assert.deepEqual(parseSnippets("d.md", text.join("\n")), [
    { name: "d.md: A 1", line: 2, language: "sh", code: "one" },
    { name: "d.md: B 1", line: 7, language: "js", code: "# two", notRun: "an example" },
    { name: "d.md: B 2", line: 10, language: "js", code: "three" },
  ]);
});

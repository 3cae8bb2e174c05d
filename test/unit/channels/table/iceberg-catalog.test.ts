import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { IcebergCatalog } from "../../../../src/channels/table/iceberg-catalog.ts";
import { CatalogStandIn } from "../../../support/catalog-stand-in.ts";

const name = {
  bucketArn: "arn:aws:s3tables:us-east-1:000000000000:bucket/analytics",
  namespace: "web",
  table: "clicks",
};
const signal = AbortSignal.timeout(60_000);
const newTable = {
  schema: { type: "struct", fields: [{ id: 1, name: "at", required: true, type: "timestamptz" }] },
  spec: { "spec-id": 0, fields: [] },
  properties: {},
} as const;

/** A catalog with one table. */
async function openTable(t: TestContext) {
  const standIn = await CatalogStandIn.start();
  t.after(() => standIn[Symbol.asyncDispose]());
  const access = { region: "us-east-1", pathStyle: true, catalog: standIn.endpoint, auth: { kind: "none" } } as const;
  const catalog = new IcebergCatalog(name, () => access);
  await catalog.create(newTable, signal);
  return { standIn, catalog };
}

test("a catalog that cannot leave snapshots out is asked for all of them", async (t) => {
  const { standIn, catalog } = await openTable(t);
  for (const status of [400, 500, 501]) {
    const asked: string[] = [];
    standIn.disturb = (_method, _path, query) => {
      asked.push(query);
      return query === "" ? undefined : { status };
    };
    assert.equal((await catalog.find(signal))?.["table-uuid"], "web/clicks");
    assert.deepEqual(asked, ["?snapshots=refs", ""]);
  }
});

test("a table that a catalog gives without what belongs to it is refused in a sentence", async (t) => {
  const { standIn, catalog } = await openTable(t);
  const whole = await catalog.find(signal);
  assert(whole !== undefined);
  const { location: _location, ...noLocation } = whole;
  const bodies = [
    "<html>sign in</html>",
    "null",
    { metadata: null },
    { metadata: {} },
    { metadata: "table" },
    { metadata: { ...whole, schemas: undefined } },
    { metadata: { ...whole, snapshots: {} } },
    { metadata: { ...whole, properties: null } },
    { metadata: noLocation },
  ];
  for (const body of bodies) {
    standIn.disturb = () => ({ status: 200, body });
    const refused = catalog.find(signal);
    await assert.rejects(refused, { message: "The catalog does not give the table web.clicks (200)." });
  }
});

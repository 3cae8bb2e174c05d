import { test } from "node:test";
import { compareRows } from "./compare-rows.ts";

test("WebAssembly, the general path and JSON.stringify write the records of 2,000 pages alike", () => {
  compareRows(1, 2_000);
});

import assert from "node:assert/strict";
import { seaweedKind } from "./seaweed-server.ts";
import type { StoreKind } from "./store-server.ts";
import { versitygwKind } from "./versitygw-server.ts";

/** The stores that channels are tested with. */
export const storeNames = ["seaweedfs", "versitygw"] as const;

export function storeKind(name: string): StoreKind {
  assert(name === "seaweedfs" || name === "versitygw", `${name} is none of ${storeNames.join(", ")}`);
  return { seaweedfs: seaweedKind, versitygw: versitygwKind }[name];
}

/** The store of a run of the tests. */
export const testedStore = storeKind(process.env["MILLRACE_TEST_STORE"] ?? "seaweedfs");

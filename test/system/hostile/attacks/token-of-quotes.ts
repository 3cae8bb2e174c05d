import { type Attack, bytesOf, signed } from "../attack.ts";
import { repeat } from "../attack-connection.ts";

export const tokenOfQuotes: Attack = {
  name: "tokens of 100,000 quotes",
  requests(target) {
    const token = `A${'"'.repeat(100_000)}A`;
    return [
      bytesOf(signed(target, "ListStreams", { NextToken: token })),
      bytesOf(signed(target, "ListShards", { NextToken: token })),
      bytesOf(signed(target, "ListShards", { NextToken: token.repeat(8) })),
      bytesOf(signed(target, "GetRecords", { ShardIterator: token })),
    ];
  },
  async run(target, signal) {
    await repeat(target.port, () => this.requests?.(target) ?? [], { connectionCount: 4, signal });
    return [];
  },
};

/**
 * What `npm test` does with 20,000 records and one kill, with more, against a server with a data directory:
 *   npm run test:cli -- [--records 1000000] [--kills 3]
 */
import { parseArgs } from "node:util";
import { ServerProcess } from "../../support/start-server.ts";
import { copyAndCompare } from "./copy-records.ts";

const options = { records: { type: "string", default: "1000000" }, kills: { type: "string", default: "3" } } as const;
const { values } = parseArgs({ options });
await using server = await ServerProcess.start();
const startMs = performance.now();
const [records, kills] = [Number(values.records), Number(values.kills)];
const { repeats } = await copyAndCompare({ endpoint: server.endpoint, records, kills });
const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
console.log(
  `${records} records were exported and imported with ${kills} kills of each in ${seconds} s: all are there, each`,
);
console.log(`key in its order, in the shards of their hash keys; ${repeats} were put twice`);

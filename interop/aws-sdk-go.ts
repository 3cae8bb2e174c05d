/** AWS SDK for Go v2: a stream's whole life over HTTP/1.1, h2c and TLS, with SubscribeToShard over HTTP/2. */
import { join } from "node:path";
import { type Environment, go, type Library } from "./library.ts";
import { cacheOf, sourcesOf } from "./places.ts";
import { runProgram } from "./run-program.ts";

const cwd = sourcesOf("aws-sdk-go");
const program = join(cacheOf("aws-sdk-go"), "walk");
// A first build downloads the modules and compiles the standard library.
const buildMsMax = 600_000;
const walkMsMax = 120_000;

export const awsSdkGo: Library = {
  name: "AWS SDK for Go v2",
  tools: [go],
  async prepare() {
    await runProgram(["go", "build", "-o", program, "."], { cwd, timeMsMax: buildMsMax });
  },
  run: (env: Environment) => runProgram([program], { cwd, timeMsMax: walkMsMax, env }),
};

/** AWS SDK for Java v2, which speaks CBOR: a stream's whole life over HTTP/1.1, h2c and TLS, with SubscribeToShard. */
import { type Environment, java, type Library, maven } from "./library.ts";
import { buildJava, javaCommand } from "./maven.ts";
import { sourcesOf } from "./places.ts";
import { runProgram } from "./run-program.ts";

const walkMsMax = 180_000;

export const awsSdkJava: Library = {
  name: "AWS SDK for Java v2",
  tools: [java, maven],
  prepare: () => buildJava("aws-sdk-java"),
  run: (env: Environment) =>
    runProgram(javaCommand("aws-sdk-java", "millrace.Main", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"), {
      cwd: sourcesOf("aws-sdk-java"),
      timeMsMax: walkMsMax,
      env,
    }),
};

import { parseJava } from "./parse-programs.ts";
import { testSnippets } from "./run-snippets.ts";

testSnippets("docs/clients/java.md", {
  "Java, Kotlin and Scala 1": { needs: ["java"], run: ({ code }, place) => parseJava(place, code) },
});

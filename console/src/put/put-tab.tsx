import { useState } from "preact/hooks";
import { isReadOnly } from "../api/console-data.ts";
import { Choices } from "../parts/choices.tsx";
import { Empty } from "../parts/notice.tsx";
import type { StreamView } from "../streams/stream-page.tsx";
import { GeneratorForm } from "./generator-form.tsx";
import { ManyForm } from "./many-form.tsx";
import { OneForm } from "./one-form.tsx";

type Way = "one" | "many" | "demo";

const ways: readonly (readonly [Way, string])[] = [
  ["one", "One record"],
  ["many", "Many records"],
  ["demo", "Demo traffic"],
];

interface PutTabProps {
  readonly view: StreamView;
  readonly query: Readonly<Record<string, string>>;
}

export function PutTab({ view }: PutTabProps) {
  const [way, setWay] = useState<Way>("one");
  if (isReadOnly()) {
    return (
      <Empty>
        <h2>This console is read-only</h2>
        <p>
          To put records from here, start the server with <code>--console on</code>.
        </p>
      </Empty>
    );
  }
  return (
    <div class="narrow">
      <Choices label="What to put" names={ways} chosen={way} onChoose={setWay} />
      {way === "one" && <OneForm view={view} />}
      {way === "many" && <ManyForm view={view} />}
      {way === "demo" && <GeneratorForm view={view} />}
    </div>
  );
}

import { callerKey, isReadOnly } from "../api/console-data.ts";
import { kinesis } from "../api/kinesis.ts";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { exactText } from "../parts/format.ts";
import { Fault } from "../parts/notice.tsx";
import { usePolled } from "../parts/use-polled.ts";

const everyMs = 10_000;

interface Limits {
  readonly ShardLimit: number;
  readonly OpenShardCount: number;
  readonly OnDemandStreamCount: number;
  readonly OnDemandStreamCountLimit: number;
}

interface Commitment {
  readonly Status: "ENABLED" | "DISABLED" | "ENABLED_UNTIL_EARLIEST_ALLOWED_END";
  readonly EarliestAllowedEndAt?: number;
}

interface Account {
  readonly limits: Limits;
  readonly commitment: Commitment;
}

async function askAccount(): Promise<Account> {
  const [limits, settings] = await Promise.all([
    kinesis<Limits>("DescribeLimits", {}),
    kinesis<{ MinimumThroughputBillingCommitment?: Commitment }>("DescribeAccountSettings", {}),
  ]);
  return { limits, commitment: settings.MinimumThroughputBillingCommitment ?? { Status: "DISABLED" } };
}

/** What the caller's account uses of its quotas, and its throughput commitment. */
export function AccountSection() {
  const { value, fault, refresh } = usePolled(askAccount, everyMs, callerKey());
  if (value === undefined) return fault === undefined ? null : <Fault>{fault}</Fault>;
  const { limits, commitment } = value;
  return (
    <>
      <h2>Account</h2>
      <dl class="wide-list">
        <dt>Open shards</dt>
        <dd>{usedText(limits.OpenShardCount, limits.ShardLimit)}</dd>
        <dt>On-demand streams</dt>
        <dd>{usedText(limits.OnDemandStreamCount, limits.OnDemandStreamCountLimit)}</dd>
        <dt>Throughput commitment</dt>
        <dd>{commitmentText(commitment)}</dd>
      </dl>
      {!isReadOnly() && <CommitmentButton isEnabled={commitment.Status === "ENABLED"} refresh={refresh} />}
    </>
  );
}

function CommitmentButton({ isEnabled, refresh }: { readonly isEnabled: boolean; readonly refresh: () => void }) {
  const Status = isEnabled ? "DISABLED" : "ENABLED";
  return (
    <div>
      <ConfirmButton
        label={isEnabled ? "End the throughput commitment" : "Commit to a minimum throughput"}
        action={() => kinesis("UpdateAccountSettings", { MinimumThroughputBillingCommitment: { Status } })}
        onDone={refresh}
      >
        <p>
          {isEnabled
            ? "Streams can then have no warm throughput, and fewer consumers."
            : "On-demand streams of the account can then have warm throughput, and more consumers."}
        </p>
        <p class="hint">
          On AWS a commitment is paid for 24 hours at least, whatever the traffic. Here it costs nothing; it can be
          ended after the same time.
        </p>
      </ConfirmButton>
    </div>
  );
}

function usedText(used: number, limit: number): string {
  return `${exactText(used)} of ${exactText(limit)}`;
}

function commitmentText({ Status, EarliestAllowedEndAt }: Commitment): string {
  if (Status === "DISABLED") return "none";
  const until = EarliestAllowedEndAt === undefined ? "" : new Date(EarliestAllowedEndAt * 1000).toLocaleString();
  if (Status === "ENABLED_UNTIL_EARLIEST_ALLOWED_END") return `ends at ${until}`;
  return until === "" ? "in force" : `in force, until ${until} at least`;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { configDefaults } from "../../../src/config/config.ts";
import { type FileChecks, loadConfig, loadConfigFromObject } from "../../../src/config/load-config.ts";

const noFiles = (path: string): string => {
  throw Object.assign(new Error("no such file"), { code: "ENOENT", path });
};
const files = (contents: Readonly<Record<string, string>>) => (path: string) => contents[path] ?? noFiles(path);

const anything: FileChecks = { limits: () => [], credentials: () => [] };

function configOf(argv: readonly string[], environment = {}, readFile = noFiles) {
  const { config, problems } = loadConfig(argv, environment, readFile, anything);
  assert.equal(problems, undefined);
  assert(config !== undefined);
  return config;
}

function problemsOf(argv: readonly string[], environment = {}, readFile = noFiles, checks: FileChecks = anything) {
  const { problems } = loadConfig(argv, environment, readFile, checks);
  assert(problems !== undefined, "expected problems");
  return problems;
}

// Made for these tests only, with `openssl req -x509 -newkey ec`; guards nothing.
const certificatePem = `-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUBSyqzHbR8U68LfUYDwGjclwxmYowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA5NDkyMFoYDzIxMjYxMDI4
MDk0OTIwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQGNZfCL/iABq+WAyfKNZRGx4/6VdIYsCBZlfqhS2I8tobPiYRa2t+N
Y3295YzewbdhgcUifH8KLOG+cK1tDafAo1MwUTAdBgNVHQ4EFgQUbdy6Ec+hiUsD
eKtRjvwGRAEo/5owHwYDVR0jBBgwFoAUbdy6Ec+hiUsDeKtRjvwGRAEo/5owDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA0LO8bzYwWxBTmLT1LrFa
kWXRJ5kg0nnmcPWNm9i7+AcCIQCjptBiZOffL6FjNdYGn4iGTXMqjTX+B0k9g7/M
jDuAlw==
-----END CERTIFICATE-----
`;
const keyPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdVadB2b9OVzsGcxe
zYpFlr935ultPVyeSXfgKhicMpmhRANCAAQGNZfCL/iABq+WAyfKNZRGx4/6VdIY
sCBZlfqhS2I8tobPiYRa2t+NY3295YzewbdhgcUifH8KLOG+cK1tDafA
-----END PRIVATE KEY-----
`;
const otherKeyPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgclVbl8Luxev512nx
fDEQ6/H3WHLxcsVtMxOhIEPrXWqhRANCAATAYlIGUm5zHcjQetiPXZqJnRNqNPEp
J8t6X5CxVM7pS93Bqmae5fGTR9+bj8yaTv7FVXCJTs/rljPdFqq51HEn
-----END PRIVATE KEY-----
`;

test("loadConfig() without anything gives the defaults", () => {
  assert.deepEqual(configOf([]), configDefaults);
});

test("loadConfig() understands every flag", () => {
  const config = configOf(
    [
      ...["--port", "0", "--host", "127.0.0.1", "--host=::1,localhost", "--engine", "memory", "--data-dir", "/data"],
      ...["--memory-budget", "512MiB", "--disk-budget", "10GiB", "--account", "123456789012", "--region", "eu-west-1"],
      ...["--allow-anonymous", "--cors-origin", "https://app.example", "--stream", "orders:4", "--stream", "a:1,b:2"],
      ...["--transition-delay", "500ms", "--tls-cert", "c.pem", "--tls-key", "k.pem", "--admin-port", "9000"],
      ...["--admin-host", "0.0.0.0", "--dev", "--log-level", "debug", "--limits", "off"],
      ...["--key-provider", "kms", "--kms-endpoint", "http://kms:8080", "--kms-region", "eu-west-2"],
      ...["--compression", "zstd", "--on-fault", "exit", "--also-port", "4568,4569", "--split-hot-shards"],
    ],
    {},
    files({ "c.pem": certificatePem, "k.pem": keyPem }),
  );
  assert.deepEqual(config, {
    port: 0,
    alsoPorts: [4568, 4569],
    hosts: ["127.0.0.1", "::1", "localhost"],
    engine: "memory",
    dataDirectory: "/data",
    memoryBudgetBytes: 512 * 1024 ** 2,
    diskBudgetBytes: 10 * 1024 ** 3,
    onFault: "exit",
    account: "123456789012",
    region: "eu-west-1",
    allowAnonymous: true,
    keys: { provider: "kms", endpoint: "http://kms:8080", region: "eu-west-2" },
    compression: "zstd",
    corsOrigins: ["https://app.example"],
    streams: [
      { name: "orders", shardCount: 4 },
      { name: "a", shardCount: 1 },
      { name: "b", shardCount: 2 },
    ],
    splitsHotShards: true,
    transitionDelayMs: 500,
    tls: { certificatePath: "c.pem", certificatePem, keyPath: "k.pem", keyPem },
    admin: { port: 9000, hosts: ["0.0.0.0"] },
    dev: true,
    logLevel: "debug",
  });
});

test("loadConfig() lets a flag win over the environment, that over the file, that over the default", () => {
  const readFile = files({
    "m.json": JSON.stringify({ port: 1, account: "111111111111", region: "from-file", dev: true, stream: ["a:1"] }),
  });
  const environment = { MILLRACE_CONFIG: "m.json", MILLRACE_PORT: "2", MILLRACE_ACCOUNT: "222222222222" };
  const config = configOf(["--port", "3"], environment, readFile);
  assert.deepEqual(
    [config.port, config.account, config.region, config.dev, config.logLevel, config.streams],
    [3, "222222222222", "from-file", true, "info", [{ name: "a", shardCount: 1 }]],
  );
});

test("loadConfig() can switch off what a file switches on", () => {
  const readFile = files({ "m.json": '{"dev": true, "allow-anonymous": true}' });
  const config = configOf(["--config", "m.json", "--no-dev"], { MILLRACE_ALLOW_ANONYMOUS: "false" }, readFile);
  assert.deepEqual([config.dev, config.allowAnonymous], [false, false]);
});

test("loadConfig() takes an empty variable, and the one that Kubernetes makes of a service, as unset", () => {
  const config = configOf([], {
    MILLRACE_PORT: "tcp://10.0.0.1:4567",
    MILLRACE_REGION: "",
    MILLRACE_SERVICE_HOST: "x",
  });
  assert.deepEqual([config.port, config.region], [4567, "us-east-1"]);
});

test("loadConfig() takes the streams of INITIALIZE_STREAMS as kinesis-mock does, unless MILLRACE_STREAM is there", () => {
  const environment = { INITIALIZE_STREAMS: "orders:3:us-west-2, bills, parts::eu-west-1" };
  assert.deepEqual(configOf([], environment).streams, [
    { name: "orders", shardCount: 3, region: "us-west-2" },
    { name: "bills", shardCount: 4 },
    { name: "parts", shardCount: 4, region: "eu-west-1" },
  ]);
  const both = { ...environment, MILLRACE_STREAM: "own:1" };
  assert.deepEqual(configOf([], both).streams, [{ name: "own", shardCount: 1 }]);
  assert.deepEqual(problemsOf([], { INITIALIZE_STREAMS: "orders:many" }), [
    'INITIALIZE_STREAMS: "orders:many" is not a stream name and 1 to 10000 shards, such as orders:4',
  ]);
});

test("loadConfig() takes a stream of one name in two regions, but not twice in one", () => {
  const given = (...streams: readonly string[]) => streams.flatMap((stream) => ["--stream", stream]);
  assert.equal(configOf(given("a:1:us-east-1", "a:1:us-east-2")).streams.length, 2);
  assert.deepEqual(problemsOf(given("a:1:us-east-1", "a:2:us-east-1")), [
    '--stream: "a in us-east-1" is given more than once',
  ]);
});

test("loadConfig() refuses a further port that is taken or any", () => {
  assert.deepEqual(problemsOf(["--also-port", "4567"]), ["--also-port: port 4567 is given more than once"]);
  assert.deepEqual(problemsOf(["--also-port", "0"]), ['--also-port: "0" is not a port number from 1 to 65535']);
});

function noticesOf(argv: readonly string[], environment = {}) {
  const { notices } = loadConfig(argv, environment, noFiles, anything);
  assert(notices !== undefined, "expected no problems");
  return notices;
}

test("an argument right after serve is refused, not swallowed", () => {
  assert.deepEqual(problemsOf(["./dir"]), ['"./dir": unexpected argument']);
  assert.deepEqual(problemsOf(["./dir", "--dev"]), ['"./dir": unexpected argument']);
});

test("a variable that looks like a setting and is none is reported, those that Kubernetes defines are not", () => {
  assert.deepEqual(noticesOf([], { MILLRACE_DATADIR: "/data", MILLRACE_TYPO: "1", MILLRACE_EMPTY: "", OTHER: "x" }), [
    "MILLRACE_DATADIR: there is no such setting, so it has no effect (did you mean MILLRACE_DATA_DIR?)",
    "MILLRACE_TYPO: there is no such setting, so it has no effect",
  ]);
  assert.deepEqual(noticesOf([], { MILLRACE_ENDPOINT: "http://127.0.0.1:4567" }), [], "it is for the other commands");
  const ofKubernetes = {
    MILLRACE_SERVICE_HOST: "10.0.0.1",
    MILLRACE_SERVICE_PORT: "4567",
    MILLRACE_SERVICE_PORT_API: "4567",
    MILLRACE_PORT: "tcp://10.0.0.1:4567",
    MILLRACE_PORT_4567_TCP: "tcp://10.0.0.1:4567",
    MILLRACE_PORT_4567_TCP_PROTO: "tcp",
    MILLRACE_PORT_4567_TCP_ADDR: "10.0.0.1",
    MILLRACE_ADMIN_SERVICE_HOST: "10.0.0.2",
    MILLRACE_ADMIN_PORT: "tcp://10.0.0.2:80",
  };
  assert.deepEqual(noticesOf([], ofKubernetes), []);
});

test("flags that the engine ignores are reported with either engine", () => {
  assert.deepEqual(noticesOf(["--engine", "memory", "--data-dir", "d"], { MILLRACE_DISK_BUDGET: "1GiB" }), [
    "--data-dir: has no effect with the memory engine, only with embedded",
    "MILLRACE_DISK_BUDGET: has no effect with the memory engine, only with embedded",
  ]);
  assert.deepEqual(noticesOf(["--memory-budget", "1GiB"]), [
    "--memory-budget: has no effect with the embedded engine, only with memory",
  ]);
  assert.deepEqual(noticesOf(["--engine", "memory", "--memory-budget", "1GiB", "--dev"]), []);
});

test("loadConfig() lists all problems at once, each under the name it was given by", () => {
  const readFile = files({ "m.json": '{"dataDir": "x", "region": "US EAST", "log-level": {"a": 1}}' });
  const argv = ["--port", "70000", "--config", "m.json", "--prot", "1", "stray", "--engine", "disk", "--data_dir=x"];
  assert.deepEqual(problemsOf(argv, { MILLRACE_TRANSITION_DELAY: "soon" }, readFile), [
    "--prot: unknown option (did you mean --port?)",
    '"stray": unexpected argument',
    "--data_dir: unknown option (did you mean --data-dir?)",
    '"dataDir" in m.json: unknown setting (did you mean "data-dir"?)',
    '"log-level" in m.json: must be text',
    '--port: "70000" is not a port number from 0 to 65535',
    '--engine: "disk" is not an engine of this version: embedded (durable, in a data directory), memory (nothing is kept) or jetstream (on NATS servers, a preview)',
    '"region" in m.json: "US EAST" is not a region such as us-east-1',
    'MILLRACE_TRANSITION_DELAY: "soon" is not a time up to an hour such as 500ms or 2s',
  ]);
});

test("fear: a number, or a misspelt choice, is taken for the name of a directory or file", () => {
  const json =
    '{"data-dir": 5, "keyring": true, "account": 123456789012, "transition-delay": true, "dev": 2, "limits": "awz"}';
  assert.deepEqual(problemsOf(["--config", "m.json"], {}, files({ "m.json": json })), [
    '"data-dir" in m.json: must be text',
    '"keyring" in m.json: must be text',
    '"transition-delay" in m.json: must be text or a number',
    '"dev" in m.json: must be true or false',
    '"limits" in m.json: awz does not exist (did you mean aws?)',
  ]);
});

const refusals: readonly (readonly [string, string])[] = [
  ["--port", "--port: needs a value (NUMBER)"],
  ["--port --dev", "--port: needs a value (NUMBER)"],
  ["--port 1 --port 2", "--port: given more than once"],
  ["--dev=perhaps", '--dev: "perhaps" is not true or false'],
  ["--host 300.1.1.1", '--host: "300.1.1.1" is not an address or host name'],
  ["--memory-budget 2G", '--memory-budget: "2G" is not a size of at least 1MiB such as 512MiB or 2GiB'],
  ["--stream orders", '--stream: "orders" is not a stream name and 1 to 10000 shards, such as orders:4'],
  ["--stream a:1 --stream a:2", '--stream: "a" is given more than once'],
  ["--account 12", '--account: "12" is not an account number of 12 digits'],
  ["--cors-origin app.example", '--cors-origin: "app.example" is not an origin such as https://app.example, or *'],
  ["--config gone.json", "--config: gone.json does not exist"],
  ["--tls-cert c.pem", "--tls-cert: needs --tls-key as well"],
  ["--tls-key k.pem", "--tls-key: needs --tls-cert as well"],
  ["--admin-host ::1", "--admin-host: has no effect without --admin-port"],
  ["--limits gone.json", "--limits: gone.json does not exist"],
  ["--credentials gone.json", "--credentials: gone.json does not exist"],
  ["--key-provider vault", '--key-provider: "vault" is not local or kms'],
  ["--keyring k --key-provider kms", "--keyring: has no effect unless --key-provider is local"],
  ["--kms-region eu-west-1", "--kms-region: has no effect unless --key-provider is kms"],
  [
    "--kms-endpoint kms:8080 --key-provider kms",
    '--kms-endpoint: "kms:8080" is not an address such as http://localhost:8080',
  ],
  ["--encrypt-at-rest-key alias/a", "--encrypt-at-rest-key: has no effect without --encrypt-at-rest"],
  ["--encrypt-at-rest=often", '--encrypt-at-rest: "often" is not true or false'],
  [
    "--engine memory --encrypt-at-rest",
    "--encrypt-at-rest: has no effect with the memory engine, which stores nothing on disk",
  ],
  [
    "--data-dir d --keyring d/keys/ring --encrypt-at-rest",
    "--keyring: d/keys/ring is inside the data directory, so a copy of the directory has the key that decrypts it; choose a file elsewhere",
  ],
  ["--compression gzip", '--compression: "gzip" is not off or zstd'],
  ["--engine jetstream", "--engine: jetstream needs --nats URL as well"],
  [
    "--host 0.0.0.0",
    "--host: 0.0.0.0 is not a loopback address, and without verified signatures every machine that reaches it can read and write all streams; verify them with --credentials FILE, or accept that with --allow-anonymous",
  ],
];
for (const [line, problem] of refusals) {
  test(`loadConfig() refuses ${line}`, () => assert.deepEqual(problemsOf(line.split(" ")), [problem]));
}

test("loadConfig() keeps the keyring beside the data directory, in memory with the memory engine, or as set", () => {
  const keysOf = (line: string) => configOf(line.split(" ")).keys;
  assert.deepEqual(keysOf("--data-dir /var/lib/m/"), { provider: "local", keyring: "/var/lib/m.keyring" });
  assert.deepEqual(keysOf("--engine memory"), { provider: "local" });
  assert.deepEqual(keysOf("--engine memory --keyring k"), { provider: "local", keyring: "k" });
});

test("loadConfig() encrypts the data directory under a key of its own name, or of the one that it is told", () => {
  assert.equal(configOf([]).encryptAtRest, undefined);
  assert.deepEqual(configOf(["--encrypt-at-rest"]).encryptAtRest, { keyId: "alias/millrace/data-directory" });
  const named = configOf(["--encrypt-at-rest", "--encrypt-at-rest-key", "alias/own", "--keyring", "./..ring"]);
  assert.deepEqual(named.encryptAtRest, { keyId: "alias/own" });
  assert.deepEqual(
    configOf([], { MILLRACE_ENCRYPT_AT_REST: "true" }).encryptAtRest?.keyId,
    "alias/millrace/data-directory",
  );
});

test("loadConfig() takes limits that are off, Amazon's or a file's", () => {
  assert.equal(configOf(["--limits", "off"]).limits, undefined);
  assert.equal(configOf(["--limits", "aws"]).limits, "aws");
  const readFile = files({ "l.json": '{"shardReadBytesPerSecond": 1}' });
  assert.deepEqual(configOf(["--limits", "l.json"], {}, readFile).limits, {
    path: "l.json",
    json: { shardReadBytesPerSecond: 1 },
  });
});

test("loadConfig() lists what is wrong with a limits file beside every other problem", () => {
  const readFile = files({ "l.json": "[7]", "text.json": "seven" });
  const limits = (json: unknown) => [`is ${JSON.stringify(json)}`, "is bad"];
  assert.deepEqual(problemsOf(["--limits", "l.json", "--port", "x"], {}, readFile, { ...anything, limits }), [
    '--port: "x" is not a port number from 0 to 65535',
    "l.json: is [7]",
    "l.json: is bad",
  ]);
  assert.match(problemsOf(["--limits", "text.json"], {}, readFile)[0] ?? "", /^text\.json: is not valid JSON \(/);
});

test("loadConfig() takes a credentials file, and listens beyond loopback with one", () => {
  const readFile = files({ "keys.json": '{"credentials": []}' });
  const config = configOf(["--credentials", "keys.json", "--host", "0.0.0.0"], {}, readFile);
  assert.deepEqual(config.credentials, { path: "keys.json", json: { credentials: [] } });
});

test("loadConfig() lists what is wrong with a credentials file and never quotes it", () => {
  const readFile = files({ "keys.json": "{}", "text.json": "secret" });
  const checks = { ...anything, credentials: () => ["has none", "is bad"] };
  assert.deepEqual(problemsOf(["--credentials", "keys.json", "--port", "x"], {}, readFile, checks), [
    '--port: "x" is not a port number from 0 to 65535',
    "keys.json: has none",
    "keys.json: is bad",
  ]);
  assert.deepEqual(problemsOf(["--credentials", "text.json"], {}, readFile), ["text.json: is not valid JSON"]);
});

test("loadConfig() refuses credentials together with --allow-anonymous", () => {
  const readFile = files({ "keys.json": '{"credentials": []}' });
  assert.deepEqual(problemsOf(["--credentials", "keys.json", "--allow-anonymous"], {}, readFile), [
    "--allow-anonymous: contradicts --credentials; leave out one of the two",
  ]);
});

test("loadConfig() listens beyond loopback with --allow-anonymous", () => {
  assert.deepEqual(configOf(["--host", "0.0.0.0", "--allow-anonymous"]).hosts, ["0.0.0.0"]);
});

test("loadConfig() refuses a file that is not one JSON object", () => {
  assert.match(problemsOf(["--config", "m"], {}, files({ m: "port=1" }))[0] ?? "", /^m: is not valid JSON \(/);
  assert.deepEqual(problemsOf(["--config", "m"], {}, files({ m: "[]" })), [
    'm: must contain one JSON object, such as {"port": 4567}',
  ]);
});

test("loadConfig() refuses TLS files that cannot serve", () => {
  const readFile = files({ c: certificatePem, k: keyPem, other: otherKeyPem, text: "hello" });
  const refusal = (cert: string, key: string) => problemsOf(["--tls-cert", cert, "--tls-key", key], {}, readFile);
  assert.deepEqual(refusal("c", "other"), ["--tls-key: other is not the key of the certificate in c"]);
  assert.deepEqual(refusal("text", "k"), ["--tls-cert: text holds no certificate in PEM form"]);
  assert.deepEqual(refusal("c", "text"), ["--tls-key: text holds no unencrypted private key in PEM form"]);
  assert.deepEqual(refusal("gone", "gone"), ["--tls-cert: gone does not exist", "--tls-key: gone does not exist"]);
});

test("loadConfigFromObject() takes values and names problems as the program does", () => {
  const nameOf = (flag: string) => `option ${flag}`;
  const { config } = loadConfigFromObject({ port: 0, stream: ["a:1", "b:2"], dev: true }, nameOf, noFiles, anything);
  assert.deepEqual([config?.port, config?.streams.length, config?.dev], [0, 2, true]);
  assert.deepEqual(loadConfigFromObject({ port: -1, colour: "red" }, nameOf, noFiles, anything).problems, [
    "option colour: unknown setting",
    'option port: "-1" is not a port number from 0 to 65535',
  ]);
});

import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { test } from "node:test";
import { type PortRoute, type PortRules, routeOf } from "../../../../src/server/pipeline/port-rules.ts";

const noSignatures = { verifiesSignatures: false, corsOrigins: [] };
const signatures = { verifiesSignatures: true, corsOrigins: [] };
const main: PortRules = {
  servesApi: true,
  servesGateways: false,
  servesAdmin: true,
  servesDev: true,
  servesConsole: true,
  adminHosts: [],
  origins: noSignatures,
};
const admin: PortRules = { ...main, servesApi: false };
const verified: PortRules = { ...main, origins: signatures };
const adminElsewhere: PortRules = { ...main, servesAdmin: false };
const withoutDev: PortRules = { ...main, servesDev: false };
const withoutConsole: PortRules = { ...main, servesConsole: false };
const named: PortRules = { ...admin, adminHosts: ["metrics.internal"] };
const friend: PortRules = { ...main, origins: { verifiesSignatures: false, corsOrigins: ["https://app.example"] } };

const local = { host: "localhost:4567" };
const foreignHost = { host: "evil.example:4567" };
const foreignPage = { ...local, origin: "https://evil.example" };
const ownPage = { ...local, origin: "http://localhost:3000" };
const friendPage = { ...local, origin: "https://app.example" };

const browser = { ...local, accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

const ownOrigin = { ...local, origin: "http://localhost:4567" };
const fetchedBy = (site: string) => ({ ...local, "sec-fetch-site": site });
const followedLink = { ...fetchedBy("cross-site"), "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const framed = { ...followedLink, "sec-fetch-dest": "iframe" };

type Row = readonly [rule: string, port: PortRules, request: string, headers: IncomingHttpHeaders, route: PortRoute];

const table: readonly Row[] = [
  ["a post is the API's", main, "POST /", local, "api"],
  ["the API is served under every Host", main, "POST /", foreignHost, "api"],
  ["the API has every path that is no endpoint's", main, "GET /other", local, "api"],
  ["the API has the paths of endpoints for other methods", main, "POST /health", local, "api"],
  ["so it has those of metrics", main, "DELETE /metrics", local, "api"],
  ["OPTIONS without an Origin is no preflight", main, "OPTIONS /x", local, "api"],
  ["an admin port has no API", admin, "POST /", local, "absent"],

  ["health has its sentences under a loopback Host", main, "GET /health?x=1", local, "health"],
  ["health tells a foreign Host nothing but the status", main, "GET /health?x=1", foreignHost, "health_status"],
  ["health is served without a Host", main, "HEAD /health", {}, "health_status"],
  ["health stays on the main port beside an admin port", adminElsewhere, "GET /health", local, "health"],
  ["health is on the admin port too", admin, "GET /health", foreignHost, "health_status"],
  [
    "health has its sentences under the names of --admin-host",
    named,
    "GET /health",
    { host: "metrics.internal" },
    "health",
  ],

  ["metrics are served under a loopback name", main, "GET /metrics?x", local, "metrics"],
  ["metrics are refused under another name", main, "GET /metrics", foreignHost, "refuse_host"],
  ["metrics are refused without a Host", main, "GET /metrics", {}, "refuse_host"],
  [
    "metrics are refused under an address that is not loopback",
    main,
    "GET /metrics",
    { host: "10.0.0.7" },
    "refuse_host",
  ],
  ["an admin host may ask for metrics", named, "GET /metrics", { host: "metrics.internal:9100" }, "metrics"],
  ["another host may not", named, "GET /metrics", foreignHost, "refuse_host"],
  ["an admin host is none of the main port", main, "GET /metrics", { host: "metrics.internal" }, "refuse_host"],
  ["metrics are absent where admin paths are elsewhere", adminElsewhere, "GET /metrics", local, "absent"],
  ["absent is said before the Host is looked at", adminElsewhere, "GET /metrics", foreignHost, "absent"],

  ["the console looks at the Host first", main, "GET /console/app.js", foreignHost, "refuse_host"],
  ["the console is absent with --console off", withoutConsole, "GET /console", local, "absent"],
  ["so is its way to the API", withoutConsole, "POST /console/kinesis", local, "absent"],
  ["the console has its page", main, "GET /console/", local, "console"],
  ["the console has its files", main, "HEAD /console/app.js?x", local, "console"],
  ["the console has its data", main, "GET /console/api/rates?x", local, "console_api"],
  ["the console reaches the API on its port", main, "POST /console/kinesis", local, "console_kinesis"],
  ["the console reaches the API on the admin port", admin, "POST /console/kinesis", local, "console_kinesis"],
  ["the console is not where admin paths are elsewhere", adminElsewhere, "GET /console/", local, "absent"],
  ["other posts below /console/ are the API's", main, "POST /console/api/rates", local, "api"],
  ["a path that begins like the console's is the API's", main, "GET /consoles", local, "api"],

  ["a browser that opens the address is led to the console", main, "GET /", browser, "to_console"],
  ["so it is on the admin port", admin, "GET /", browser, "to_console"],
  ["not without a console", withoutConsole, "GET /", browser, "api"],
  ["not where admin paths are elsewhere", adminElsewhere, "GET /", browser, "api"],
  ["not under a foreign Host", main, "GET /", { ...browser, ...foreignHost }, "api"],
  ["not from another path", main, "GET /?x", browser, "api"],
  ["not by a program", main, "GET /", { ...local, accept: "*/*" }, "api"],
  ["not with another method", main, "HEAD /", browser, "api"],

  ["the console's own page may call", main, "POST /console/kinesis", ownOrigin, "console_kinesis"],
  ["its browser says so", main, "POST /console/kinesis", fetchedBy("same-origin"), "console_kinesis"],
  ["the address bar may open the page", main, "GET /console/", fetchedBy("none"), "console"],
  ["a link of another site may open the page", main, "GET /console/", followedLink, "console"],
  ["a link may not open data", main, "GET /console/api/server", followedLink, "refuse_site"],
  ["a frame of another site gets nothing", main, "GET /console/", framed, "refuse_site"],
  ["a page of another port gets no data", main, "GET /console/api/server", ownPage, "refuse_site"],
  ["its browser says so too", main, "GET /console/api/server", fetchedBy("same-site"), "refuse_site"],
  ["a page of another port may not use the console's way", main, "POST /console/kinesis", ownPage, "refuse_site"],
  ["nor gets its preflight", main, "OPTIONS /console/kinesis", ownPage, "refuse_site"],
  ["nor one of its data", main, "OPTIONS /console/api/rates", ownPage, "refuse_site"],
  ["signatures do not open the console to other pages", verified, "POST /console/kinesis", ownPage, "refuse_site"],
  ["nor does --cors-origin", friend, "POST /console/kinesis", friendPage, "refuse_site"],
  [
    "Sec-Fetch-Site counts before Origin",
    main,
    "GET /console/",
    { ...ownOrigin, ...fetchedBy("cross-site") },
    "refuse_site",
  ],
  ["a page in a sandbox has no origin", main, "POST /dev/clock", { ...local, origin: "null" }, "refuse_site"],
  ["a page of another port may not move the clock", main, "POST /dev/clock", ownPage, "refuse_site"],
  ["a page of this port may move the clock", main, "POST /dev/clock", ownOrigin, "dev"],
  [
    "a rebound name of its own origin is refused by Host",
    main,
    "POST /console/kinesis",
    { ...foreignHost, origin: "http://evil.example:4567", "sec-fetch-site": "same-origin" },
    "refuse_host",
  ],

  ["a dev endpoint takes every method", main, "POST /dev/clock?x", local, "dev"],
  ["a dev endpoint is refused under another name", main, "PUT /dev/faults", foreignHost, "refuse_host"],
  ["a dev endpoint is absent without --dev", withoutDev, "PUT /dev/faults", local, "absent"],
  ["a dev endpoint is absent where admin paths are elsewhere", adminElsewhere, "DELETE /dev/faults", local, "absent"],
  ["a dev endpoint is on the admin port", admin, "DELETE /dev/faults", local, "dev"],
  ["a misspelt dev endpoint is not the API's", main, "GET /dev/fault", local, "dev"],
  ["a misspelt dev endpoint takes every method", main, "PUT /dev/fault", local, "dev"],
  ["a misspelt dev endpoint is refused under another name", main, "GET /dev/fault", foreignHost, "refuse_host"],
  ["other paths below /dev/ are the API's without --dev", withoutDev, "POST /dev/", local, "api"],

  ["a foreign page may not call", main, "POST /", foreignPage, "refuse_origin"],
  ["a foreign page gets no preflight", main, "OPTIONS /", foreignPage, "refuse_origin"],
  [
    "health tells a foreign page nothing but the status with keys",
    verified,
    "GET /health",
    foreignPage,
    "health_status",
  ],
  ["health has its sentences for a page of this machine", verified, "GET /health", ownPage, "health"],
  ["health has its sentences for an origin that is allowed", friend, "GET /health", friendPage, "health"],
  ["a foreign page gets no health", main, "GET /health", foreignPage, "refuse_origin"],
  ["a foreign page gets no metrics", main, "GET /metrics", foreignPage, "refuse_origin"],
  ["a foreign page gets nothing of the admin port", admin, "GET /metrics", foreignPage, "refuse_origin"],
  [
    "a sandboxed page has the origin null and may not call",
    main,
    "POST /",
    { ...local, origin: "null" },
    "refuse_origin",
  ],
  ["a page of this machine may call", main, "POST /", ownPage, "api"],
  ["a page of this machine gets a preflight", main, "OPTIONS /", ownPage, "preflight"],
  ["a page of an allowed origin may call", friend, "POST /", friendPage, "api"],
  ["an allowed origin does not open another", friend, "POST /", foreignPage, "refuse_origin"],
  ["the admin port answers no preflight", admin, "OPTIONS /", ownPage, "absent"],

  ["with verified signatures every page may call", verified, "POST /", foreignPage, "api"],
  ["with verified signatures every page gets a preflight", verified, "OPTIONS /", foreignPage, "preflight"],
  ["signatures do not open metrics to a foreign page", verified, "GET /metrics", foreignPage, "refuse_origin"],
  ["signatures do not open dev endpoints to a foreign page", verified, "POST /dev/clock", foreignPage, "refuse_site"],
  ["signatures do not open misspelt ones either", verified, "POST /dev/clocks", foreignPage, "refuse_site"],
  [
    "signatures do not answer a preflight for dev endpoints",
    verified,
    "OPTIONS /dev/faults",
    foreignPage,
    "refuse_site",
  ],
];

for (const [rule, port, request, headers, route] of table) {
  test(`${rule}: ${request}`, () => {
    const [method = "", url = ""] = request.split(" ");
    assert.equal(routeOf({ method, url, headers }, port), route);
  });
}

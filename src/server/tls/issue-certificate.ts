import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { isIPv4 } from "node:net";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";

const curve = { name: "ECDSA", namedCurve: "P-256" } as const;

// X.509 object identifiers.
const oid = {
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
} as const;

// Bits of KeyUsage, most significant first, and how many low bits of the byte are unused.
const digitalSignature = { bits: 0x80, unusedBits: 7 } as const;
const certificateSigning = { bits: 0x04, unusedBits: 2 } as const;

// GeneralName alternatives.
const dnsName = 2;
const ipAddress = 7;

/** All PEM. */
export interface IssuedCertificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a certificate authority and one server certificate signed by it, on P-256 keys. It has the extensions that strict
 * verifiers require (RFC 5280; Python's VERIFY_X509_STRICT).
 */
export async function issueCertificate(contents: {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly notBeforeMs: number;
  readonly lifeMs: number;
}): Promise<IssuedCertificate> {
  const { subtle } = globalThis.crypto;
  const caKeys = await subtle.generateKey(curve, false, ["sign", "verify"]);
  const serverKeys = await subtle.generateKey(curve, true, ["sign", "verify"]);
  const caKeyId = await keyIdOf(caKeys.publicKey);
  const caName = `Millrace local authority ${randomBytes(4).toString("hex")}`;

  const ca = await certificate({
    subject: caName,
    issuer: caName,
    publicKey: caKeys.publicKey,
    signingKey: caKeys.privateKey,
    period: contents,
    extensions: [
      extension(oid.basicConstraints, new pkijs.BasicConstraints({ cA: true, pathLenConstraint: 0 }).toSchema(), true),
      extension(oid.keyUsage, keyUsage(certificateSigning), true),
      extension(oid.subjectKeyIdentifier, new asn1js.OctetString({ valueHex: caKeyId })),
    ],
  });
  const cert = await certificate({
    subject: contents.names[0] ?? "localhost",
    issuer: caName,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    period: contents,
    extensions: [
      extension(oid.basicConstraints, new pkijs.BasicConstraints({ cA: false }).toSchema(), true),
      extension(oid.keyUsage, keyUsage(digitalSignature), true),
      extension(oid.extendedKeyUsage, new pkijs.ExtKeyUsage({ keyPurposes: [oid.serverAuthentication] }).toSchema()),
      extension(oid.subjectAltName, new pkijs.AltName({ altNames: altNames(contents) }).toSchema()),
      extension(oid.subjectKeyIdentifier, new asn1js.OctetString({ valueHex: await keyIdOf(serverKeys.publicKey) })),
      extension(
        oid.authorityKeyIdentifier,
        new pkijs.AuthorityKeyIdentifier({
          keyIdentifier: new asn1js.OctetString({ valueHex: caKeyId }),
        }).toSchema(),
      ),
    ],
  });
  const key = pem("PRIVATE KEY", await subtle.exportKey("pkcs8", serverKeys.privateKey));
  return { ca, cert, key };
}

async function certificate(parts: {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: CryptoKey;
  readonly signingKey: CryptoKey;
  readonly period: { readonly notBeforeMs: number; readonly lifeMs: number };
  readonly extensions: pkijs.Extension[];
}): Promise<string> {
  const made = new pkijs.Certificate();
  made.version = 2;
  // A positive number: the first bit is 0, the second is 1.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  made.serialNumber = new asn1js.Integer({ valueHex: new Uint8Array(serial).buffer });
  made.subject.typesAndValues.push(commonName(parts.subject));
  made.issuer.typesAndValues.push(commonName(parts.issuer));
  made.notBefore.value = new Date(parts.period.notBeforeMs);
  made.notAfter.value = new Date(parts.period.notBeforeMs + parts.period.lifeMs);
  made.extensions = parts.extensions;
  await made.subjectPublicKeyInfo.importKey(parts.publicKey);
  await made.sign(parts.signingKey, "SHA-256");
  return pem("CERTIFICATE", made.toSchema().toBER());
}

function altNames(contents: { readonly names: readonly string[]; readonly addresses: readonly string[] }) {
  return [
    ...contents.names.map((value) => new pkijs.GeneralName({ type: dnsName, value })),
    ...contents.addresses.map(
      (address) =>
        new pkijs.GeneralName({
          type: ipAddress,
          value: new asn1js.OctetString({ valueHex: addressBytes(address) }),
        }),
    ),
  ];
}

/** An IPv4 address, or ::1. */
function addressBytes(address: string): ArrayBuffer {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number).buffer;
  assert(address === "::1", "::1 is the only IPv6 address in a certificate");
  const bytes = new Uint8Array(16);
  bytes[15] = 1;
  return bytes.buffer;
}

function commonName(value: string): pkijs.AttributeTypeAndValue {
  return new pkijs.AttributeTypeAndValue({ type: oid.commonName, value: new asn1js.Utf8String({ value }) });
}

function extension(extnID: string, value: asn1js.BaseBlock, critical = false): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });
}

function keyUsage({ bits, unusedBits }: { readonly bits: number; readonly unusedBits: number }): asn1js.BitString {
  return new asn1js.BitString({ valueHex: Uint8Array.of(bits).buffer, unusedBits });
}

/** RFC 5280 section 4.2.1.2: any value unique to the key; here the first 20 bytes of its SHA-256. */
async function keyIdOf(publicKey: CryptoKey): Promise<ArrayBuffer> {
  const { subtle } = globalThis.crypto;
  return (await subtle.digest("SHA-256", await subtle.exportKey("spki", publicKey))).slice(0, 20);
}

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

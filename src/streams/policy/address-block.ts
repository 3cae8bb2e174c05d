import { isIP } from "node:net";

/** An IP address: the two or eight groups of 16 bits that it has. An IPv4 address within IPv6 is the IPv4 address. */
type Address = readonly number[];

/** The addresses that begin with the first `bits` bits of one of them. */
export interface AddressBlock {
  readonly network: Address;
  readonly bits: number;
}

const groupBits = 16;
/** The groups before the two of an IPv4 address within IPv6, such as ::ffff:10.0.0.1. */
const mappedGroups: Address = [0, 0, 0, 0, 0, 0xffff];

/** Undefined for anything but an address. */
export function addressOf(text: string): Address | undefined {
  switch (isIP(text)) {
    case 4:
      return ipv4Groups(text);
    case 6:
      return withoutMapping(ipv6Groups(text));
    default:
      return undefined;
  }
}

/** A block in CIDR notation, or a single address; undefined for anything else. */
export function blockOf(text: string): AddressBlock | undefined {
  const [, network = "", prefix] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const groups = addressOf(network);
  if (groups === undefined) return undefined;
  const writtenBits = isIP(network) === 4 ? 32 : 128;
  const bits = prefix === undefined ? writtenBits : Number(prefix);
  if (bits > writtenBits) return undefined;
  const unmappedBits = bits - (writtenBits - groups.length * groupBits);
  // A block of IPv6 that is larger than all of IPv4 within it.
  if (unmappedBits < 0) return { network: ipv6Groups(network), bits };
  return { network: groups, bits: unmappedBits };
}

export function isInBlock(address: Address | undefined, block: AddressBlock | undefined): boolean {
  if (address === undefined || block === undefined) return false;
  const { network, bits } = block;
  if (address.length !== network.length) return false;
  for (let group = 0; group * groupBits < bits; group++) {
    const ignoredBits = Math.max(0, groupBits - (bits - group * groupBits));
    if ((address[group] as number) >>> ignoredBits !== (network[group] as number) >>> ignoredBits) return false;
  }
  return true;
}

function ipv4Groups(text: string): Address {
  const [first = 0, second = 0, third = 0, fourth = 0] = text.split(".").map(Number);
  return [(first << 8) | second, (third << 8) | fourth];
}

function ipv6Groups(text: string): Address {
  const [address = ""] = text.split("%");
  const [head = "", tail] = address.split("::");
  const before = groupsIn(head);
  if (tail === undefined) return before;
  const after = groupsIn(tail);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function groupsIn(text: string): Address {
  if (text === "") return [];
  return text.split(":").flatMap((group) => (group.includes(".") ? ipv4Groups(group) : [Number.parseInt(group, 16)]));
}

function withoutMapping(groups: Address): Address {
  return mappedGroups.every((group, index) => groups[index] === group) ? groups.slice(mappedGroups.length) : groups;
}

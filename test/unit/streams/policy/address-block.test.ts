import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { addressOf, blockOf, isInBlock } from "../../../../src/streams/policy/address-block.ts";

function isIn(address: string, block: string): boolean {
  return isInBlock(addressOf(address), blockOf(block));
}

const families = [
  { addresses: fc.ipV4(), bitsMax: 32, family: "ipv4" },
  { addresses: fc.ipV6(), bitsMax: 128, family: "ipv6" },
] as const;

for (const { addresses, bitsMax, family } of families) {
  test(`an ${family} address is in a block exactly when Node's BlockList says so`, () => {
    let insideCount = 0;
    const property = fc.property(addresses, addresses, fc.nat(bitsMax), fc.boolean(), (one, other, bits, isSame) => {
      const address = isSame ? one : other;
      const list = new BlockList();
      list.addSubnet(one, bits, family);
      const expected = list.check(address, family);
      if (expected) insideCount++;
      assert.equal(isIn(address, `${one}/${bits}`), expected, `${address} in ${one}/${bits}`);
    });
    fc.assert(property, { numRuns: 1_000 });
    assert(insideCount > 100);
  });
}

test("an IPv4 address within IPv6 is the IPv4 address, in a request and in a block", () => {
  assert(isIn("::ffff:10.1.2.3", "10.0.0.0/8"));
  assert(isIn("10.1.2.3", "::ffff:10.0.0.0/104"));
  assert(isIn("::ffff:a01:203", "10.1.2.3"));
  assert(!isIn("10.1.2.3", "::/0"));
});

test("what is neither an address nor a block is in nothing and holds nothing", () => {
  for (const text of ["", "10.0.0", "10.0.0.0/33", "2001:db8::/129", "a", "10.0.0.1 "])
    assert.equal(blockOf(text), undefined);
  assert.equal(isIP("010.0.0.1"), 0);
  assert(!isIn("010.0.0.1", "10.0.0.0/8"));
});

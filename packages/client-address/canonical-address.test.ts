import assert from 'node:assert/strict';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress, networkOf } from './canonical-address.ts';

const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
const groups = fc.array(group, { minLength: 8, maxLength: 8 });
const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6(), groups.map(hex));

function hex(values: readonly number[]): string {
  return values.map((value) => value.toString(16)).join(':');
}

test('folding is idempotent and keeps the address', () => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      const folded = canonicalAddress(address);
      assert.ok(folded !== undefined && isIP(folded) !== 0);
      assert.equal(canonicalAddress(folded), folded);
      const list = new BlockList();
      list.addAddress(folded, isIPv4(folded) ? 'ipv4' : 'ipv6');
      assert.ok(list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6'), `${address} → ${folded}`);
    }),
  );
});

test('the textual aliases of an IPv6 address are one', () => {
  const text = fc.tuple(groups, fc.array(fc.nat(2), { minLength: 8, maxLength: 8 }), fc.boolean());
  fc.assert(
    fc.property(text, ([values, zeros, upper]) => {
      const padded = values
        .map((value, i) =>
          value.toString(16).padStart(Math.min(4, value.toString(16).length + zeros[i]!), '0'),
        )
        .join(':');
      const alias = upper ? padded.toUpperCase() : padded;
      assert.equal(canonicalAddress(alias), canonicalAddress(hex(values)));
      assert.equal(canonicalAddress(`${alias}%eth0`), canonicalAddress(hex(values)));
    }),
  );
});

test('the form is that of RFC 5952, and IPv4 wherever it is IPv4', () => {
  for (const [address, expected] of [
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['::ffff:192.0.2.1%1', '192.0.2.1'],
    ['::192.0.2.1', '::c000:201'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
    ['192.0.2.1', '192.0.2.1'],
  ] as const) {
    assert.equal(canonicalAddress(address), expected, address);
  }
});

test('what is no address has no canonical form', () => {
  for (const text of [
    '',
    'localhost',
    'unknown',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.04',
    '0x7f.0.0.1',
    '2130706433',
    '127.1',
    '1.2.3.256',
    '1.2.3.4:80',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '[::1]',
    '[::1]:80',
    '::1%',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7',
    '::ffff:1.2.3.04',
    '1.2.3.4%eth0',
    '١.٢.٣.٤',
  ]) {
    assert.equal(canonicalAddress(text), undefined, text);
  }
});

test('the IPv6 addresses of one /64 are one network, those of two are two', () => {
  const half = fc.array(group, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(half, half, half, half, (network, other, hostA, hostB) => {
      fc.pre(network.some((value) => value !== 0) && other.some((value) => value !== 0));
      const a = networkOf(hex([...network, ...hostA]));
      assert.equal(networkOf(hex([...network, ...hostB])), a);
      assert.equal(networkOf(hex([...other, ...hostA])) === a, hex(network) === hex(other));
    }),
  );
  assert.equal(networkOf('2001:DB8:0:7::42'), '2001:db8:0:7::/64');
});

test('two IPv4 clients are two networks, mapped or not; one client is one in any spelling', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), (a, b) => {
      assert.equal(networkOf(`::ffff:${a}`), networkOf(a));
      assert.equal(networkOf(`::ffff:${a}`) === networkOf(`::ffff:${b}`), a === b);
    }),
  );
});

test('callers without an address share one network, whatever they are called', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (isIP(text) === 0) assert.equal(networkOf(text), 'unknown');
    }),
  );
});

import assert from 'node:assert/strict';
import { BlockList, isIPv4 } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assertLinear } from '../../launch/testing/assert-linear.ts';
import { canonicalAddress } from './canonical-address.ts';
import { clientAddress } from './client-address.ts';
import { isTrusted, parseTrustedProxies } from './trusted-proxies.ts';

const proxies = parseTrustedProxies('10.0.0.0/8, 127.0.0.1 fd00::/8');

describe('the client behind trusted proxies', () => {
  test('is the first address from the right that is no trusted proxy', () => {
    for (const [peer, header, expected] of [
      ['10.0.0.1', '192.0.2.7', '192.0.2.7'],
      ['10.0.0.1', '198.51.100.1, 192.0.2.7, 10.9.9.9', '192.0.2.7'],
      ['::ffff:10.0.0.1', '192.0.2.7 ,127.0.0.1\t', '192.0.2.7'],
      ['fd00::1', '2001:DB8::1', '2001:db8::1'],
      ['10.0.0.1', '::ffff:192.0.2.7', '192.0.2.7'],
      ['10.0.0.1', '10.0.0.2, 10.0.0.3', '10.0.0.2'],
      ['10.0.0.1', undefined, '10.0.0.1'],
      ['10.0.0.1', '', '10.0.0.1'],
    ] as const) {
      assert.equal(clientAddress(peer, header, proxies), expected, `${peer} ← ${header}`);
    }
  });

  test('is the last known proxy where the header turns to junk', () => {
    for (const junk of ['unknown', '192.0.2.7:80', '[::1]', '192.0.2.07', 'x', ' ', ',', '"192.0.2.7"']) {
      assert.equal(clientAddress('10.0.0.1', junk, proxies), '10.0.0.1', junk);
      assert.equal(clientAddress('10.0.0.1', `192.0.2.7, ${junk}, 10.0.0.2`, proxies), '10.0.0.2', junk);
    }
  });

  test('costs by the length of a header full of our own addresses, not by the square of it', () => {
    assertLinear('proxies', 20_000, (size) => {
      assert.equal(clientAddress('10.0.0.1', Array(size).fill('10.0.0.2').join(','), proxies), '10.0.0.2');
    });
  });
});

test('an untrusted peer is the client, whatever header it forges, on loopback too', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (header) => {
      assert.equal(clientAddress('192.0.2.9', header, proxies), '192.0.2.9');
      assert.equal(clientAddress('127.0.0.1', header, parseTrustedProxies('')), '127.0.0.1');
    }),
  );
});

test('what a client writes left of what a trusted proxy appended changes nothing', () => {
  fc.assert(
    fc.property(fc.string(), fc.ipV4(), (forged, address) => {
      fc.pre(!isTrusted(address, proxies));
      assert.equal(clientAddress('10.0.0.1', `${forged},${address}`, proxies), address);
    }),
  );
});

describe('trusted networks', () => {
  test('hold exactly the addresses that node:net says they hold', () => {
    const network = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
    );
    const near = fc.tuple(network, fc.nat(0xffff));
    fc.assert(
      fc.property(near, fc.oneof(fc.ipV4(), fc.ipV6()), ([[base, bits], low], far) => {
        const sibling = base.includes(':')
          ? undefined
          : base.replace(/\.\d+\.\d+$/, `.${low >> 8}.${low & 255}`);
        for (const address of [far, base, sibling ?? far].map((text) => canonicalAddress(text) ?? '')) {
          const list = new BlockList();
          const isMapped = base.includes(':') && isIPv4(canonicalAddress(base) ?? '');
          if (isMapped || isIPv4(address) !== isIPv4(base)) continue;
          list.addSubnet(base, bits, isIPv4(base) ? 'ipv4' : 'ipv6');
          const expected = list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
          assert.equal(
            isTrusted(address, parseTrustedProxies(`${base}/${bits}`)),
            expected,
            `${address} in ${base}/${bits}`,
          );
        }
      }),
    );
  });

  test('of IPv6 do not take IPv4 in, and IPv4-mapped ones are IPv4', () => {
    assert.equal(isTrusted('192.0.2.1', parseTrustedProxies('::/0')), false);
    assert.equal(isTrusted('2001:db8::1', parseTrustedProxies('0.0.0.0/0')), false);
    assert.equal(isTrusted('10.1.2.3', parseTrustedProxies('::ffff:10.0.0.0/104')), true);
    assert.equal(isTrusted('::ffff:a01:203', parseTrustedProxies('10.0.0.0/8')), true);
    assert.equal(isTrusted('11.1.2.3', parseTrustedProxies('::ffff:10.0.0.0/104')), false);
  });

  test('that are malformed are named in the error', () => {
    for (const entry of [
      '10.0.0.0/33',
      'fd00::/129',
      '10.0.0/8',
      'localhost',
      '10.0.0.1/',
      '/8',
      '10.0.0.1/8/8',
      '10.0.0.1/-1',
      '01.2.3.4',
      'fe80::1%eth0',
      '*',
    ]) {
      assert.throws(
        () => parseTrustedProxies(`10.0.0.1, ${entry}`),
        (error: Error) => error.message.includes(`"${entry}"`),
        entry,
      );
    }
  });

  test('may be none, and a peer without an address is in none', () => {
    assert.deepEqual(parseTrustedProxies(' , '), []);
    assert.equal(isTrusted('', proxies), false);
    assert.equal(clientAddress('', '192.0.2.7', proxies), '');
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalHost, formatHostPattern, parseHostPattern } from './host-pattern.ts';

test('a host has one form: lower case, without port and last dot, addresses in their canonical text', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['example.com', 'example.com'],
    ['EXAMPLE.com:8080', 'example.com'],
    ['example.com.', 'example.com'],
    ['Example.Com.:80', 'example.com'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[2001:DB8:0:0::1]:80', '2001:db8::1'],
    ['[::ffff:10.0.0.1]', '10.0.0.1'],
    ['', ''],
  ];
  for (const [host, expected] of rows) assert.equal(canonicalHost(host), expected);
});

test('patterns are names, wildcards and addresses, in the form browsers send', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['API.example.com', 'api.example.com'],
    ['*.Example.com.', '*.example.com'],
    ['b\u00fccher.example', 'xn--bcher-kva.example'],
    ['[2001:db8:0::1]', '[2001:db8::1]'],
    ['localhost', 'localhost'],
    ['my_host', 'my_host'],
  ];
  for (const [text, expected] of rows) {
    const pattern = parseHostPattern(text);
    assert.ok(pattern.kind === 'pattern', text);
    assert.equal(formatHostPattern(pattern), expected);
  }
});

test('what is no host is refused', () => {
  const none = '* *. a.*.b **.a *a.b a:80 http://a a/b a%2eb .a a..b -a a- [::1 [zz] *.[::1] a\u0000'.split(
    ' ',
  );
  for (const text of ['', ' ', 'a b', 'a,b', `${'a'.repeat(64)}.b`, `${'a.'.repeat(130)}b`, ...none]) {
    assert.equal(parseHostPattern(text).kind, 'refused', text);
  }
});

// For tests: a certificate authority, and certificates it has signed. Node makes keys but no certificates, and a bare
// machine has no openssl program, so the few ASN.1 structures of RFC 5280 section 4.1 are written out here.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** PEM texts. */
export type Certificate = { readonly certificate: string; readonly key: string };

export type CertificateOptions = {
  /** Host names and IPv4 addresses it is good for. */
  readonly names: readonly string[];
  readonly notAfter?: Date;
};

export type Authority = {
  /** Its own certificate in PEM. */
  readonly certificate: string;
  issue(options: CertificateOptions): Certificate;
};

const defaultNotAfter = new Date('2049-12-31T23:59:59Z');

export function makeAuthority(name = 'a test authority'): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = { subject: name, keys, notAfter: defaultNotAfter, extensions: [isAuthority] };
  return {
    certificate: encodePem(writeCertificate(own, { name, key: keys.privateKey })),
    issue: ({ names, notAfter = defaultNotAfter }) => {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const subject = { subject: names[0] ?? 'nobody', keys: leaf, notAfter, extensions: [goodFor(names)] };
      return {
        certificate: encodePem(writeCertificate(subject, { name, key: keys.privateKey })),
        key: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      };
    },
  };
}

type Subject = {
  readonly subject: string;
  readonly keys: { readonly publicKey: KeyObject };
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
};

function writeCertificate(
  { subject, keys, notAfter, extensions }: Subject,
  issuer: { readonly name: string; readonly key: KeyObject },
): Buffer {
  const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])), // serial number, positive
    ecdsaWithSha256,
    commonName(issuer.name),
    sequence(time(new Date('2020-01-01T00:00:00Z')), time(notAfter)),
    commonName(subject),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, issuer.key));
  return sequence(body, ecdsaWithSha256, signature);
}

function encodePem(certificate: Buffer): string {
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function goodFor(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
  );
  return sequence(objectId('551d11'), der(0x04, sequence(...entries))); // subjectAltName
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(name)))));
}

/** UTCTime; its two digits of a year end with 2049. */
function time(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...sizeOf(content.length)]), content]);
}

function sizeOf(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(0x30, ...contents);
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

const isAuthority = sequence(
  objectId('551d13'), // basicConstraints
  der(0x01, Buffer.from([0xff])), // critical
  der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
);

// `tls:` of a service in gateway.yaml: files that the gateway shows and believes on connections to it.

import { createSecureContext } from 'node:tls';
import { holdsCertificates, noTlsFiles, type TlsFiles } from '../upstreams/client-tls.ts';
import type { Field, NodeReader } from './read-node.ts';

export const tlsKeys = ['ca_file', 'server_name', 'client_cert_file', 'client_key_file'] as const;

const hostForm =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,62}[a-z0-9_])?)*$/i;

export function readTls(reader: NodeReader, field: Field | undefined): TlsFiles {
  if (field === undefined) return noTlsFiles;
  const fields = reader.fields(field.value, tlsKeys, 'tls');
  const read = (key: (typeof tlsKeys)[number]) => {
    const given = fields?.get(key);
    return given === undefined ? undefined : reader.file(given.value, key);
  };
  const ca = read('ca_file');
  const cert = read('client_cert_file');
  const key = read('client_key_file');
  if (ca?.content !== undefined && !holdsCertificates(ca.content)) {
    reader.refuse(fields!.get('ca_file')!.value, `ca_file: ${ca.path} holds no certificate in PEM`);
  }
  if (fields?.has('client_cert_file') !== fields?.has('client_key_file')) {
    reader.refuse(field.key, 'client_cert_file and client_key_file are given together, or neither');
  } else if (cert?.content !== undefined && key?.content !== undefined) {
    const fault = findPairFault(cert.content, key.content);
    if (fault !== undefined) reader.refuse(field.key, `client_cert_file and client_key_file: ${fault}`);
  }
  const nameField = fields?.get('server_name');
  const serverName = nameField === undefined ? undefined : reader.text(nameField.value, 'server_name');
  if (serverName !== undefined && !hostForm.test(serverName)) {
    reader.refuse(nameField!.value, 'server_name must be a host name such as orders.internal');
  }
  return Object.freeze({
    caFile: ca?.path,
    serverName,
    clientCertFile: cert?.path,
    clientKeyFile: key?.path,
  });
}

/** Never the library's own words: they could quote the key. */
function findPairFault(cert: Buffer, key: Buffer): string | undefined {
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    const isMismatch = (error as NodeJS.ErrnoException).code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    return isMismatch ? 'do not belong together' : 'are not a certificate and an unencrypted key in PEM';
  }
}

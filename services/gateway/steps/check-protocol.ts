// check: gRPC needs HTTP/2 from end to end, trailers included, and the last hop to the gateway is HTTP/1.1
// (docs/decisions/0013). Said in the words of both: a problem document, and the status that a gRPC client goes by, which
// counts more than the HTTP status for it. After access, so that strangers learn nothing; before anything is counted.
// gRPC-Web is made for HTTP/1.1 and passes like any other request.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';

const grpcForm = /^application\/grpc(?:\+[^;\s]*)?[ \t]*(?:;|$)/i;
/** UNIMPLEMENTED, in the list of gRPC's status codes. */
const unimplemented = '12';

/** @throws {AppError} not_implemented. */
export function checkProtocol({ method, headers }: Exchange): void {
  // Every gRPC call is a POST.
  if (method !== 'POST') return;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.length !== 12 || name.toLowerCase() !== 'content-type' || !grpcForm.test(headers[i + 1]!))
      continue;
    throw new AppError('not_implemented', {
      detail: 'gRPC does not go through the gateway; gRPC-Web does.',
      headers: { 'grpc-status': unimplemented, 'grpc-message': 'gRPC does not go through the gateway' },
    });
  }
}

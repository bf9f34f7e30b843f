// For tests: an answer as our own reader takes it, in pieces that end where `cuts` say. `length`: the bytes that
// belong to it.

import { AnswerReader, readings } from '../answer-reader.ts';
import {
  type AnswerReading,
  type GivenAnswer,
  plainText,
  type ReadAnswer,
  trimFields,
} from './read-answer.ts';

type OurReading = { readonly answer: AnswerReading; readonly length: number };

export function readByUs({ method, bytes }: GivenAnswer, cuts: readonly number[] = []): OurReading {
  const informations: [number, string[]][] = [];
  let head: Pick<ReadAnswer, 'status' | 'statusText' | 'headers'> | undefined;
  let body = '';
  const reader = new AnswerReader();
  reader.begin(method, false, {
    onInformation: (status, headers) => informations.push([status, trimFields(headers)]),
    onHead: (status, headers, statusText) => {
      head = { status, statusText: plainText(statusText), headers: trimFields(headers) };
    },
    onData: (chunk) => {
      body += chunk.toString('latin1');
    },
  });
  // Read from one buffer that is written over, as from a socket.
  const buffer = Buffer.alloc(bytes.length);
  let reading: number = readings.more;
  let from = 0;
  let length = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    const to = Math.min(cut, bytes.length);
    if (to <= from) continue;
    buffer.fill(0).write(bytes.slice(from, to), 0, 'latin1');
    reading = reader.read(buffer, 0, to - from);
    length = from + reader.restAt;
    from = to;
    if (reading !== readings.more) break;
  }
  const isWhole = reading === readings.ended || (reading === readings.more && reader.finish());
  if (!isWhole || head === undefined) return { answer: undefined, length: 0 };
  return { answer: { ...head, body, trailers: trimFields(reader.trailers), informations }, length };
}

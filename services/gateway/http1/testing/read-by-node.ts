// For tests: an answer as Node's own client reads it (llhttp).

import { request } from 'node:http';
import {
  type AnswerReading,
  type GivenAnswer,
  plainText,
  type ReadAnswer,
  trimFields,
} from './read-answer.ts';
import { ScriptedSocket } from './scripted-socket.ts';

export function readByNode({ method, bytes }: GivenAnswer): Promise<AnswerReading> {
  return new Promise((resolve) => {
    const informations: [number, string[]][] = [];
    const socket = new ScriptedSocket(bytes);
    const asked = request({
      method,
      maxHeaderSize: 64 * 1024,
      createConnection: () => socket,
    });
    asked.maxHeadersCount = 0;
    asked.on('information', ({ statusCode, rawHeaders }) =>
      informations.push([statusCode, trimFields(rawHeaders)]),
    );
    asked.on('error', () => resolve(undefined));
    asked.on('close', () => resolve(undefined));
    asked.on('response', (answer) => {
      let body = '';
      answer.setEncoding('latin1');
      answer.on('data', (piece: string) => (body += piece));
      answer.on('error', () => resolve(undefined));
      answer.on('close', () => resolve(undefined));
      answer.on('end', () => {
        const whole: ReadAnswer = {
          status: answer.statusCode!,
          statusText: plainText(answer.statusMessage!),
          headers: trimFields(answer.rawHeaders),
          body,
          trailers: trimFields(answer.rawTrailers),
          informations,
        };
        resolve(answer.complete ? whole : undefined);
      });
    });
    asked.end();
  });
}

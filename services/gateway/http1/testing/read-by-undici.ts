// For tests: an answer as undici reads it, by the handler that the gateway's other transport uses.

import type { Socket } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import {
  type AnswerReading,
  type GivenAnswer,
  plainText,
  type ReadAnswer,
  trimFields,
} from './read-answer.ts';
import { ScriptedSocket } from './scripted-socket.ts';

export async function readByUndici({ method, bytes }: GivenAnswer): Promise<AnswerReading> {
  const client = new Client('http://a', {
    connect(_, callback) {
      queueMicrotask(() => callback(null, new ScriptedSocket(bytes) as unknown as Socket));
    },
    maxHeaderSize: 64 * 1024,
    allowH2: false,
  });
  const reading = await new Promise<AnswerReading>((resolve) => {
    client.dispatch({ method, path: '/' }, new Reader(resolve));
  });
  await client.destroy();
  return reading;
}

class Reader implements Dispatcher.DispatchHandler {
  readonly #resolve: (reading: AnswerReading) => void;
  readonly #informations: [number, string[]][] = [];
  #status = 0;
  #statusText = '';
  #headers: string[] = [];
  #body = '';

  constructor(resolve: (reading: AnswerReading) => void) {
    this.#resolve = resolve;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, text = ''): void {
    const headers = latin1(controller.rawHeaders);
    if (status < 200) this.#informations.push([status, headers]);
    else {
      this.#status = status;
      this.#statusText = plainText(text);
      this.#headers = headers;
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body += chunk.toString('latin1');
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const whole: ReadAnswer = {
      status: this.#status,
      statusText: this.#statusText,
      headers: this.#headers,
      body: this.#body,
      trailers: latin1(controller.rawTrailers),
      informations: this.#informations,
    };
    this.#resolve(whole);
  }

  onResponseError(): void {
    this.#resolve(undefined);
  }
}

function latin1(raw: unknown): string[] {
  return Array.isArray(raw) ? trimFields(raw.map((part: Buffer | string) => part.toString('latin1'))) : [];
}

// For tests: one connection that is written to and read from step by step.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './start-test-gateway.ts';

export class RawClient {
  received = '';
  isClosed = false;
  /** The other side has said it sends nothing more. */
  isEnded = false;
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => {
      this.received += data;
    });
    socket.on('end', () => {
      this.isEnded = true;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async open(port: number, allowHalfOpen = false): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  static async openPath(path: string): Promise<RawClient> {
    const socket = connect({ path });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send(...lines: readonly string[]): void {
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  }

  write(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until what came matches. */
  async see(pattern: RegExp): Promise<RegExpExecArray> {
    return until(
      `${pattern} in ${JSON.stringify(this.received.slice(0, 400))}`,
      () => pattern.exec(this.received) ?? undefined,
    );
  }

  async closed(): Promise<void> {
    await until('the connection closes', () => this.isClosed);
  }

  close(): void {
    this.socket.destroy();
  }
}

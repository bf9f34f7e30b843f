// A microservice behind the gateway: a catalog for everybody, orders for signed-in users, all orders for
// admins. It knows nothing of passwords or tokens: the gateway has checked them and says who calls in
// `x-user-id`. That is safe only because nobody but the gateway can reach it: see main.ts.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

type Order = { id: string; user_id: string; item: string; quantity: number; created_at: string };
type Answer = { status: number; body: unknown };
type Route = (req: IncomingMessage) => Answer | Promise<Answer>;

const catalog = [
  { item: 'espresso', price_cents: 250 },
  { item: 'flat white', price_cents: 390 },
  { item: 'croissant', price_cents: 320 },
];
const bodyMaxBytes = 4096;
const ordersMax = 10_000;

/** Answers all requests of the service; the orders live as long as the process. */
export function createOrders(): RequestListener {
  const orders: Order[] = [];
  const routes: Readonly<Record<string, Route>> = {
    'GET /health': () => ({ status: 200, body: { status: 'ok' } }),
    'GET /orders/catalog': () => ({ status: 200, body: { items: catalog } }),
    'GET /orders/mine': (req) => {
      const userId = readUserId(req);
      return userId === undefined
        ? notSignedIn
        : { status: 200, body: { items: orders.filter((order) => order.user_id === userId) } };
    },
    // The gateway lets only admins through to this one: see gateway.yaml.
    'GET /orders/all': () => ({ status: 200, body: { items: orders } }),
    'POST /orders': async (req) => {
      const userId = readUserId(req);
      if (userId === undefined) return notSignedIn;
      const wanted = readOrder(await readBody(req));
      if (wanted === undefined) return problem(422, 'Send {"item": …, "quantity": 1 to 100} of the catalog.');
      if (orders.length >= ordersMax) return problem(503, 'The order book is full.');
      const order = { id: randomUUID(), user_id: userId, ...wanted, created_at: new Date().toISOString() };
      orders.push(order);
      return { status: 201, body: order };
    },
  };
  // An order of somebody else answers as one that does not exist.
  const showOrder: Route = (req) => {
    const id = /^\/orders\/([0-9a-f-]{36})$/.exec(req.url ?? '')?.[1];
    const order = orders.find((one) => one.id === id && one.user_id === readUserId(req));
    return order === undefined ? nothingHere() : { status: 200, body: order };
  };
  return (req, res) => {
    const path = (req.url ?? '/').split('?', 1)[0];
    const route = routes[`${req.method} ${path}`] ?? (req.method === 'GET' ? showOrder : nothingHere);
    Promise.resolve(route(req)).then(
      (answer) => send(res, answer),
      () => res.destroy(),
    );
  };
}

function readUserId(req: IncomingMessage): string | undefined {
  const userId = req.headers['x-user-id'];
  return typeof userId === 'string' && userId !== '' ? userId : undefined;
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyMaxBytes) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readOrder(text: string): { item: string; quantity: number } | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { item, quantity } = Object(body) as { item?: unknown; quantity?: unknown };
  const offered = catalog.find((offer) => offer.item === item);
  const sound = Number.isInteger(quantity) && Number(quantity) >= 1 && Number(quantity) <= 100;
  return offered !== undefined && sound ? { item: offered.item, quantity: Number(quantity) } : undefined;
}

const nothingHere = () => problem(404, 'There is nothing at this address.');

function problem(status: number, detail: string): Answer {
  return { status, body: { status, detail } };
}

// Reached only when the gateway's file opens a route that needs a user: a second lock, not the first.
const notSignedIn = problem(401, 'This needs a signed-in user.');

function send(res: ServerResponse, { status, body }: Answer): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  res.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

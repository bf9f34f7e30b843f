// The settings of tracing, under OpenTelemetry's own names; auth and the gateway have them in common.

import { text } from '@pi-gateway/env/setting-kinds.ts';
import type { Setting } from '@pi-gateway/env/settings.ts';

const endpoint: Setting<string | undefined> = {
  name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  default: undefined,
  doc: 'Where spans are sent (OTLP over HTTP, JSON), e.g. http://127.0.0.1:4318; /v1/traces is put behind it. Unset: none are recorded, and nothing of the SDK is loaded.',
  secret: false,
  read(value) {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isBare = url?.search === '' && url.hash === '' && url.username === '' && url.password === '';
    if (!isBare || !['http:', 'https:'].includes(url.protocol)) {
      throw new Error('must be an http or https URL such as http://127.0.0.1:4318');
    }
    return `${url.href.replace(/\/$/, '')}/v1/traces`;
  },
};

const ratio: Setting<number> = {
  name: 'OTEL_TRACES_SAMPLER_ARG',
  default: '1',
  doc: 'The share of begun traces that is recorded, from 0 to 1; a continued one is recorded when its sender records it.',
  secret: false,
  read(value) {
    const share = /^\d(\.\d{1,9})?$/.test(value) ? Number(value) : Number.NaN;
    if (!(share >= 0 && share <= 1)) throw new Error('must be a number from 0 to 1');
    return share;
  },
};

const headers: Setting<Readonly<Record<string, string>>> = {
  name: 'OTEL_EXPORTER_OTLP_HEADERS',
  default: '',
  doc: 'Header fields for whoever takes the spans: `name=value` between commas, values percent-encoded.',
  secret: true,
  read(value) {
    const pairs = value.split(',').flatMap((pair) => (pair.trim() === '' ? [] : [pair.trim()]));
    return Object.fromEntries(
      pairs.map((pair) => {
        const [, name = '', encoded = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(.*)$/.exec(pair) ?? [];
        if (name === '') throw new Error('must be name=value entries between commas');
        return [name.toLowerCase(), decodeValue(encoded)];
      }),
    );
  },
};

function decodeValue(encoded: string): string {
  try {
    const value = decodeURIComponent(encoded);
    if (/^[\t\x20-\x7e]*$/.test(value)) return value;
  } catch {
    // Not percent-encoded: refused below.
  }
  throw new Error('must be name=value entries with values that a header can hold');
}

export const tracingSettings = {
  otlpEndpoint: endpoint,
  otlpHeaders: headers,
  traceRatio: ratio,
  resourceAttributes: text('OTEL_RESOURCE_ATTRIBUTES', {
    doc: 'What all spans tell of this process: `name=value` between commas, e.g. deployment.environment.name=production.',
  }),
} as const;

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readSettings } from '@pi-gateway/env/settings.ts';
import { readResource } from './read-resource.ts';
import { tracingSettings } from './settings.ts';

const read = (env: Record<string, string>) => readSettings(tracingSettings, env);

describe('the settings of tracing', () => {
  test('unset: no spans, and all of them would be recorded', () => {
    const { otlpEndpoint, otlpHeaders, traceRatio } = read({});
    assert.deepEqual([otlpEndpoint, otlpHeaders, traceRatio], [undefined, {}, 1]);
  });

  test('the path of traces is put behind the endpoint, with a slash at its end or without', () => {
    for (const url of ['http://127.0.0.1:4318', 'http://127.0.0.1:4318/']) {
      assert.equal(
        read({ OTEL_EXPORTER_OTLP_ENDPOINT: url }).otlpEndpoint,
        'http://127.0.0.1:4318/v1/traces',
      );
    }
    const below = read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example/otlp' });
    assert.equal(below.otlpEndpoint, 'https://otlp.example/otlp/v1/traces');
  });

  test('header fields are read as OpenTelemetry writes them', () => {
    const { otlpHeaders } = read({
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20a%2Cb=, x-tenant = t1 ,',
    });
    assert.deepEqual(otlpHeaders, { authorization: 'Bearer a,b=', 'x-tenant': 't1' });
  });

  const malformed: readonly (readonly [name: string, value: string])[] = [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', '127.0.0.1:4318'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://collector:4317'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:secret@collector:4318'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'no-value'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=%zz'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=b%0d%0ac'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.1'],
    ['OTEL_TRACES_SAMPLER_ARG', '-1'],
    ['OTEL_TRACES_SAMPLER_ARG', 'all'],
  ];
  for (const [name, value] of malformed) {
    test(`${name}=${value} stops the start with a line that names it`, () => {
      assert.throws(() => read({ [name]: value }), new RegExp(`^SettingError: ${name}: must be [^\\n]+$`));
    });
  }
});

test('attributes of the process that are malformed are left out', () => {
  assert.deepEqual(readResource('a=1, b.c = x%20y ,=,d,e=%zz'), { a: '1', 'b.c': 'x y' });
  assert.deepEqual(readResource(undefined), {});
});

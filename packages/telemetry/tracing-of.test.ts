import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** How often something of OpenTelemetry is resolved while `code` runs; its bare interface comes with prom-client. */
function countLoaded(code: string): number {
  const program = `
    import { registerHooks } from 'node:module';
    let loaded = 0;
    registerHooks({
      resolve(specifier, context, next) {
        if (/^@opentelemetry\\/(?!api$)/.test(specifier)) loaded += 1;
        return next(specifier, context);
      },
    });
    ${code}
    console.log(loaded);
    process.exit(0);`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  return Number(out);
}

test('nothing of OpenTelemetry’s SDK is loaded by either service unless spans are to be sent', () => {
  const services = `
    await import('@pi-gateway/auth/app.ts');
    await import('@pi-gateway/auth/deps.ts');
    await import('@pi-gateway/gateway/app.ts');
    await import('@pi-gateway/gateway/deps.ts');`;
  assert.equal(countLoaded(services), 0);
  const switchedOn = `
    const { tracingOf } = await import('@pi-gateway/telemetry/tracing-of.ts');
    await tracingOf(
      { otlpEndpoint: 'http://127.0.0.1:1/v1/traces', otlpHeaders: {}, traceRatio: 1 },
      { service: 'gateway' },
    );`;
  assert.ok(countLoaded(switchedOn) > 0);
});

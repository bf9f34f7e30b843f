// The one place that decides whether spans are recorded.

import type { Settings } from '@pi-gateway/env/settings.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import type { Tracing } from '@pi-gateway/trace-context/tracing.ts';
import type { tracingSettings } from './settings.ts';

type Options = { readonly service: 'auth' | 'gateway'; readonly log: Log };

/** Undefined when there is no place to send them to: then nothing of OpenTelemetry is loaded. */
export async function tracingOf(
  settings: Settings<typeof tracingSettings>,
  options: Options,
): Promise<Tracing | undefined> {
  const { otlpEndpoint: url, otlpHeaders: headers, traceRatio: ratio, resourceAttributes } = settings;
  if (url === undefined) return undefined;
  const { openTracing } = await import('./open-tracing.ts');
  return openTracing({ url, headers, ratio, resourceAttributes, ...options });
}

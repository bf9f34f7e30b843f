// One number of a service's metrics port.

/** @throws {Error} when the metric is not there. `series` with its labels, as it is scraped. */
export async function readMetric(metricsUrl: string, series: string): Promise<number> {
  const text = await (await fetch(metricsUrl, { signal: AbortSignal.timeout(10_000) })).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  if (line === undefined) throw new Error(`no metric ${series}`);
  return Number(line.slice(series.length + 1));
}

// Numbers of a service's metrics port, all of one instant.

/** @param series with their labels, as they are scraped. @throws {Error} when one is not there. */
export async function readMetrics<const S extends readonly string[]>(
  metricsUrl: string,
  series: S,
): Promise<{ [K in keyof S]: number }> {
  const text = await (await fetch(metricsUrl, { signal: AbortSignal.timeout(10_000) })).text();
  const lines = text.split('\n');
  const numbers = series.map((name) => {
    const line = lines.find((one) => one.startsWith(`${name} `));
    if (line === undefined) throw new Error(`no metric ${name}`);
    return Number(line.slice(name.length + 1));
  });
  return numbers as { [K in keyof S]: number };
}

// OTEL_RESOURCE_ATTRIBUTES: `name=value` between commas, percent-encoded. What is malformed is left out, as
// OpenTelemetry asks for.

export function readResource(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((pair) => {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return [];
    try {
      return [[decodeURIComponent(name), decodeURIComponent(value)] as const];
    } catch {
      return [];
    }
  });
  return Object.fromEntries(pairs);
}

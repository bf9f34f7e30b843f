const flags: Readonly<Record<string, readonly string[]>> = {
  'services/gateway/main.ts': ['--max-semi-space-size=8'],
};

/**
 * The words between `node` and a service's main.ts, which is given from the root of the repository. For the gateway: MiB of
 * a space of the young generation, of which V8 has three. It would take 16, and fill them in a moment of load, though what
 * a request leaves is gone long before. What it buys stands in bench/README.md. The deployment files name it too.
 */
export const v8Flags = (main: string): readonly string[] => flags[main] ?? [];

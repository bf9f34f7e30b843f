const flags: Readonly<Record<string, readonly string[]>> = {
  'services/gateway/main.ts': ['--max-semi-space-size=8'],
};

/**
 * The words between `node` and a service's main.ts, given from the root of the repository. For the gateway MiB of a
 * space of the young generation (V8 has three): 16 by default, which it would fill within a moment of load, though what
 * a request leaves is gone long before. With 8 a request costs as much, and a worker holds some 40 MB less.
 * The deployment files name them too.
 */
export const v8Flags = (main: string): readonly string[] => flags[main] ?? [];

const flags: Readonly<Record<string, readonly string[]>> = {
  'services/gateway/main.ts': ['--max-semi-space-size=8'],
};

/**
 * The words between `node` and a service's main.ts, which is given from the root of the repository. For the gateway: MiB of
 * a space of the young generation, of which V8 has three. It would take up to 32, and fill them in a moment of load, though what
 * a request leaves is gone long before. What it buys stands in bench/README.md. The deployment files name it too.
 */
export const v8Flags = (main: string): readonly string[] => flags[main] ?? [];

/**
 * What a service's environment holds from its first moment, for glibc reads it before Node runs: all threads share one
 * arena. By default each thread of V8 and of libuv gets one of its own, and keeps the most it ever needed: megabytes that
 * differ from process to process and go on growing under load. Other C libraries ignore it. The deployment files name it too.
 *
 * @see https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
 */
export const mallocEnv = { MALLOC_ARENA_MAX: '1' } as const;

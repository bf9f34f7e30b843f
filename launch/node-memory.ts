const flags: Readonly<Record<string, readonly string[]>> = {
  'services/gateway/main.ts': ['--max-semi-space-size=8'],
  'launch/embedded.ts': ['--max-semi-space-size=16'],
};

/**
 * The words between `node` and a program, which is given from the root of the repository: MiB of a space of the young
 * generation, of which V8 has three. It would take up to 32, and fill them in a moment of load, though what a request leaves at
 * the gateway is gone long before. What it buys there stands in bench/README.md. A login that waits for its hash lives longer:
 * with 4 on the embedded run it was copied again and again, and others waited for that
 * (docs/explanation/login-under-attack.md). The deployment files and `npm start` name it too.
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

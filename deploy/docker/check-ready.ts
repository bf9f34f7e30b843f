// The containers' health check: `node check-ready.ts <port>` ends with 0 when the service says it is ready.

const answer = await fetch(`http://127.0.0.1:${process.argv[2]}/readyz`).catch(() => undefined);
process.exitCode = answer?.ok === true ? 0 : 1;

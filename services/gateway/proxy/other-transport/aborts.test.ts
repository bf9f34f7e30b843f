// What holds over the transport that is the default holds over the other: the same tests once more.

process.env['GATEWAY_TRANSPORT'] = 'undici';
await import('../aborts.test.ts');

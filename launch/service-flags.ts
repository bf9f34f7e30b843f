// The flags of Node that every service runs with, however it is started; those who cannot import it write the same
// (service-flags.test.ts). A young generation of 4 MiB a space, where V8 would let it grow to 16: in pairs at the gateway
// under load it cost no processor time and left it a good deal smaller.

export const serviceFlags: readonly string[] = ['--max-semi-space-size=4'];

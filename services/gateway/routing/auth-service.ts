// The reserved name of our own auth service in gateway.yaml: it alone gets the gateway's proof.

export const authServiceName = 'auth';

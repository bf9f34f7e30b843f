// Why a token was refused: the cause of an `invalid_token`, for the audit log. Whoever sent it is never told.

export type TokenHolder = { readonly userId: string; readonly sessionId: string };

export class TokenFault extends Error {
  /** A word of our own: `expired`, `signature`, `revoked` … */
  readonly fault: string;
  /** Whose it was, when the signature held. */
  readonly holder: TokenHolder | undefined;

  constructor(fault: string, holder?: TokenHolder) {
    super(`the token is refused: ${fault}`);
    this.name = 'TokenFault';
    this.fault = fault;
    this.holder = holder;
  }
}

// What one kind of password hash must be able to do: the schemes stand one in a file beside this.

export type HashScheme = {
  /** True for hashes and classes of this scheme, by how they begin. */
  readonly isOurs: (text: string) => boolean;
  /**
   * What one verification costs, in milliseconds of one core of a common server: an estimate by the
   * parameters, the same on every machine. Undefined when the hash is not in this scheme's form.
   */
  readonly costMs: (passwordHash: string) => number | undefined;
  /** False for a wrong password; the work is the same either way. */
  readonly verify: (passwordHash: string, password: string) => Promise<boolean>;
  /** A hash of the class that no password has, made without the work. */
  readonly makeDecoy: (passwordClass: string) => string;
};

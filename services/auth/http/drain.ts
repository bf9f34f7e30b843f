// Whether this process is about to leave: it is not ready any more, yet serves whoever still comes.

export type Drain = { readonly isBegun: () => boolean; readonly begin: () => void };

export function createDrain(): Drain {
  let isBegun = false;
  return {
    isBegun: () => isBegun,
    begin() {
      isBegun = true;
    },
  };
}

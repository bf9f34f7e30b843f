// How a column's text becomes a value: our bigints are microseconds and counts, exact as numbers.

import pg from 'pg';

export const exactTypes = new pg.TypeOverrides();
exactTypes.setTypeParser(pg.types.builtins.INT8, Number);

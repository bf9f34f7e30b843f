/** Of every account of a benchmark; the defaults accept it. */
export const benchPassword = 'StrongPass123';

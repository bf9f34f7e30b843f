// The formats that `pi audit export` knows, by name.

import type { ExportFormat } from './export-format.ts';
import { ndjsonFormat } from './ndjson-format.ts';

export const exportFormats: Readonly<Record<string, ExportFormat>> = {
  ndjson: ndjsonFormat,
};

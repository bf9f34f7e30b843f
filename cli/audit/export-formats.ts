// The formats that `pi audit export` knows, by name.

import { csvFormat } from './csv-format.ts';
import type { ExportFormat } from './export-format.ts';
import { ndjsonFormat } from './ndjson-format.ts';
import { ocsfFormat } from './ocsf-format.ts';

export const exportFormats: Readonly<Record<string, ExportFormat>> = {
  ndjson: ndjsonFormat,
  csv: csvFormat,
  ocsf: ocsfFormat,
};

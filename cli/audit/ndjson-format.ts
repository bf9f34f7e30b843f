// `--format ndjson`: everything that a verification without the database needs.

import {
  encodeEnd,
  encodeEventLine,
  encodeHead,
  encodeSealLine,
} from '@pi-gateway/auth/audit/export-lines.ts';
import type { ExportFormat } from './export-format.ts';

export const ndjsonFormat: ExportFormat = {
  hasSeals: true,
  head: encodeHead,
  seal: encodeSealLine,
  event: encodeEventLine,
  end: encodeEnd,
};

// Settings from the environment, read once into a frozen typed object. Each setting states its environment
// name, default, one sentence and how its text is read; the reference page is generated from the same table.
// Every setting can also be given as NAME_FILE, the path of a file that holds the value.

import { readFileSync } from 'node:fs';

export type Setting<T> = {
  /** The environment variable, e.g. `AUTH_PORT`. */
  readonly name: string;
  /** As it would be written in the environment; undefined: unset means `undefined`. */
  readonly default: string | undefined;
  /** One sentence for the reference. */
  readonly doc: string;
  /** Its value never appears in an error. */
  readonly secret: boolean;
  /** Throws an Error whose message says what is expected. */
  readonly read: (text: string) => T;
};

/** A setting that is missing or malformed; the message is one line that names it. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

export type SettingTable = Readonly<Record<string, Setting<unknown>>>;
export type Settings<T extends SettingTable> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never;
};

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads a table of settings. An empty value counts as unset.
 * @throws {SettingError} on the first value that is unknown or malformed.
 */
export function readSettings<const T extends SettingTable>(table: T, env: Env): Settings<T> {
  const settings: Record<string, unknown> = {};
  for (const [field, setting] of Object.entries(table)) settings[field] = readSetting(setting, env);
  return Object.freeze(settings) as Settings<T>;
}

function readSetting(setting: Setting<unknown>, env: Env): unknown {
  const text = settingText(setting.name, env) ?? setting.default;
  if (text === undefined) return undefined;
  try {
    return setting.read(text);
  } catch (error) {
    const shown = setting.secret ? '' : ` (got ${JSON.stringify(text.slice(0, 80))})`;
    throw new SettingError(`${setting.name}: ${(error as Error).message}${shown}`);
  }
}

function settingText(name: string, env: Env): string | undefined {
  const value = env[name] || undefined;
  const path = env[`${name}_FILE`] || undefined;
  if (path === undefined) return value;
  if (value !== undefined) throw new SettingError(`${name}: set either ${name} or ${name}_FILE, not both`);
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '') || undefined;
  } catch (error) {
    throw new SettingError(
      `${name}_FILE: cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`,
    );
  }
}

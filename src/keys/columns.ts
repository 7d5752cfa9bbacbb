/** Values for columns of a row; undefined: the column's default. Names come from lists of ours, never from a caller. */
export type Columns = ReadonlyMap<string, unknown>;

/** Columns that hold JSON. */
const JSON_COLUMNS: ReadonlySet<string> = new Set(['aliases', 'metadata']);

/** The fields of a body that are columns: those it has, and as their defaults those it takes away. */
export function columnsOf(
  fields: object,
  cleared: ReadonlySet<string>,
  names: readonly string[],
): Map<string, unknown> {
  const values = new Map<string, unknown>(Object.entries(fields));
  const given = names.filter((name) => values.get(name) !== undefined || cleared.has(name));
  return new Map(given.map((name) => [name, values.get(name)]));
}

/** `(a, b) values ($1, default)` and its parameters. */
export function inserted(columns: Columns): { text: string; parameters: unknown[] } {
  const { texts, parameters } = placed(columns, 1);
  return { text: `(${[...columns.keys()].join(', ')}) values (${texts.join(', ')})`, parameters };
}

/** `a = $2, b = default` and its parameters; `$1` is left for the row's name. */
export function assigned(columns: Columns): { text: string; parameters: unknown[] } {
  const { texts, parameters } = placed(columns, 2);
  return { text: [...columns.keys()].map((name, at) => `${name} = ${texts[at] ?? ''}`).join(', '), parameters };
}

function placed(columns: Columns, first: number): { texts: string[]; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const texts = Array.from(columns, ([name, value]) => {
    if (value === undefined) return 'default';
    const isJson = JSON_COLUMNS.has(name);
    parameters.push(isJson ? JSON.stringify(value) : value);
    return `$${first + parameters.length - 1}${isJson ? '::jsonb' : ''}`;
  });
  return { texts, parameters };
}

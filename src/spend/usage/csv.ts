type Cell = string | number | boolean | null | readonly string[];

/** Spreadsheets run what begins like this as a formula (OWASP, "CSV Injection"); an apostrophe makes it a text. */
const FORMULA = /^[=+\-@＝＋－＠\t\r\n]/;

/** What ends a cell somewhere: where a comma is the decimal sign, spreadsheets take `;` for it. */
const SEPARATOR = /[",;\r\n]/;

/** Rows as CSV (RFC 4180), with the names of the columns first. */
export function toCsv<Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, Cell>>[],
): string {
  const lines = rows.map((row) => columns.map((column) => cellOf(row[column])).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
}

function cellOf(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? harmless(value) : value.map(harmless).join(';');
  return SEPARATOR.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const harmless = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

export interface FormPart {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** From the content disposition. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** The parts of an answer that is a form, bytes and all: undici's own parser takes a part without a file name for text. */
export async function formParts(response: Response): Promise<FormPart[]> {
  const [, boundary = ''] =
    /^multipart\/form-data; boundary=(.+)$/.exec(response.headers.get('content-type') ?? '') ?? [];
  if (boundary === '') throw new Error(`No form: ${response.status} ${await response.text()}`);
  const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
  const [preamble, ...parts] = `\r\n${text}`.split(`\r\n--${boundary}`);
  if (preamble !== '' || parts.pop() !== '--\r\n') throw new Error('The form is not whole.');
  return parts.map(toPart);
}

function toPart(text: string): FormPart {
  const headEnd = text.indexOf('\r\n\r\n');
  const lines = text.slice('\r\n'.length, headEnd).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const [, name = ''] = /name="([^"]*)"/.exec(headers['content-disposition'] ?? '') ?? [];
  return { headers, name, bytes: Buffer.from(text.slice(headEnd + 4), 'latin1') };
}

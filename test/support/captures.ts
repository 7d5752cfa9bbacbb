import { referenceText } from './reference.js';

/** Recordings of what clients put on the wire: openai 4 to 7 for Node and 3 for Python, the AI SDK 6 and 7, LangChain. */
const FILES = [
  'cap-openai4-node20.txt',
  'cap-openai5-node20.txt',
  'cap-openai-node20.txt',
  'cap-openai.txt',
  'cap-stream.txt',
  'cap-py.txt',
  'cap-ai6.txt',
  'cap-ai.txt',
  'cap-lc.txt',
];

/** Stands for a picture of a recording; no text field holds it. */
const PICTURE = '\u0001';
const PICTURE_NOTE = /<binary PNG, (\d+) bytes>/g;

export interface CapturedRequest {
  /** File and title of the recording. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Header lines as sent. */
  readonly head: readonly string[];
  /** A character for each byte, those of a picture replaced by marks. */
  readonly body: string;
}

export interface Delivery {
  readonly key: string;
  /** Takes the place of each picture. */
  readonly picture: Uint8Array;
  /** Changes what the recording's server took and Recraft does not. */
  readonly edit?: (body: string) => string;
}

/** Every recorded request; none where the recordings are not on this machine. */
export function readCaptures(): CapturedRequest[] {
  return FILES.flatMap((file) => {
    const sections = (referenceText(`wire/${file}`) ?? '').split(/^##### /m).slice(1);
    return sections.flatMap((section) => requestsOf(section, file));
  });
}

function requestsOf(section: string, file: string): CapturedRequest[] {
  const title = section.slice(0, section.indexOf('\n'));
  const text = section.slice(title.length);
  return text
    .split(/(?=(?:GET|POST) \/\S* HTTP\/1\.1\r\n)/)
    .filter((part) => /^(?:GET|POST) /.test(part))
    .map((part) => parse(part, `${file}: ${title}`));
}

function parse(text: string, name: string): CapturedRequest {
  const headEnd = text.indexOf('\r\n\r\n');
  const [requestLine = '', ...head] = text.slice(0, headEnd).split('\r\n');
  const [method = '', path = ''] = requestLine.split(' ');
  const rest = text.slice(headEnd + 4).replace(PICTURE_NOTE, (_note, bytes) => PICTURE.repeat(Number(bytes)));
  return { name, method, path, head, body: rest.slice(0, bodyLength(head, rest)) };
}

/** After the body a recording goes on with notes of its own. */
function bodyLength(head: readonly string[], rest: string): number {
  const END = '\r\n0\r\n\r\n';
  if (isChunked(head)) return rest.indexOf(END) + END.length;
  const length = head.find((line) => /^content-length:/i.test(line));
  return length === undefined ? 0 : Number(length.slice(length.indexOf(':') + 1));
}

function isChunked(head: readonly string[]): boolean {
  return head.some((line) => /^transfer-encoding: chunked$/i.test(line));
}

/** The request's bytes for another server, its pictures real ones and its lengths corrected. */
export function toBytes(request: CapturedRequest, url: string, { key, picture, edit }: Delivery): Buffer {
  const body = withPictures(request, Buffer.from(picture).toString('latin1'), edit?.(request.body) ?? request.body);
  const corrected: Readonly<Record<string, string>> = {
    host: new URL(url).host,
    connection: 'close',
    authorization: `Bearer ${key}`,
    'content-length': String(body.length),
  };
  const head = request.head.map((line) => {
    const name = line.slice(0, line.indexOf(':'));
    const value = corrected[name.toLowerCase()];
    return value === undefined ? line : `${name}: ${value}`;
  });
  return Buffer.from([`${request.method} ${request.path} HTTP/1.1`, ...head, '', body].join('\r\n'), 'latin1');
}

/** In a chunked body a picture is a chunk of its own, whose length stands before it. */
function withPictures({ head }: CapturedRequest, picture: string, body: string): string {
  if (!isChunked(head)) return body.replaceAll(new RegExp(`${PICTURE}+`, 'g'), () => picture);
  const length = picture.length.toString(16);
  return body.replaceAll(new RegExp(`[0-9a-f]+\r\n${PICTURE}+`, 'g'), () => `${length}\r\n${picture}`);
}

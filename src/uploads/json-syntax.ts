/** Where and why a text is no JSON. Lines and columns count from 1. */
export interface SyntaxProblem {
  readonly what: string;
  readonly line: number;
  readonly column: number;
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;
const SPACE = /[ \t\r\n]*/y;

/** What may come next. After a comma an end is the famous trailing comma. */
type Expected = 'value' | 'valueOrEnd' | 'valueAfterComma' | 'nameOrEnd' | 'nameAfterComma' | 'colon' | 'commaOrEnd';

/**
 * Finds the first place where a text stops being JSON; undefined where it is JSON. The engine's own messages lack the
 * place in half the cases and quote the caller's text. Only worth its time after `JSON.parse` has thrown.
 */
export function findSyntaxProblem(text: string): SyntaxProblem | undefined {
  const reader = new Reader(text);
  const what = reader.run();
  return what === undefined ? undefined : { what, ...placeOf(text, reader.at) };
}

class Reader {
  at = 0;
  private readonly open: ('{' | '[')[] = [];
  private expected: Expected = 'value';

  constructor(private readonly text: string) {}

  /** Gives what is wrong at `at`. */
  run(): string | undefined {
    for (;;) {
      this.skip(SPACE);
      const whole = this.expected === 'commaOrEnd' && this.open.length === 0;
      if (this.at === this.text.length) return whole ? undefined : this.missing();
      if (whole) return 'there is something after the end of the document';
      const problem = this.step(this.text.charAt(this.at));
      if (problem !== undefined) return problem;
    }
  }

  private step(char: string): string | undefined {
    switch (this.expected) {
      case 'colon':
        return char === ':' ? this.advance('value') : "a ':' is missing after a name";
      case 'commaOrEnd':
        return this.commaOrEnd(char);
      case 'nameOrEnd':
      case 'nameAfterComma':
        return this.name(char);
      default:
        return this.value(char);
    }
  }

  private value(char: string): string | undefined {
    if (char === '{') return this.enter('{', 'nameOrEnd');
    if (char === '[') return this.enter('[', 'valueOrEnd');
    if (char === ']' && this.expected === 'valueOrEnd') return this.leave();
    if (char === ']' && this.expected === 'valueAfterComma') return trailingComma(char);
    if (char === '"') return this.string('commaOrEnd');
    if (char === "'") return 'single quotes are used; JSON takes double quotes';
    if (!this.skip(SCALAR)) return 'a value is missing or malformed';
    this.expected = 'commaOrEnd';
    return undefined;
  }

  private name(char: string): string | undefined {
    if (char === '"') return this.string('colon');
    if (char !== '}') return 'a name in double quotes is missing';
    return this.expected === 'nameOrEnd' ? this.leave() : trailingComma(char);
  }

  private string(next: Expected): string | undefined {
    let at = this.at + 1;
    for (let char = this.text.charAt(at); char !== '"'; char = this.text.charAt(at)) {
      if (char === '') return 'a string is not closed';
      ESCAPE.lastIndex = at;
      if (char === '\\' ? ESCAPE.test(this.text) : char >= ' ') {
        at = char === '\\' ? ESCAPE.lastIndex : at + 1;
        continue;
      }
      this.at = at;
      return char === '\\'
        ? 'a string holds an escape that JSON does not know'
        : 'a string holds a line break or control character that is not escaped';
    }
    this.at = at;
    return this.advance(next);
  }

  private commaOrEnd(char: string): string | undefined {
    const inObject = this.open.at(-1) === '{';
    if (char === ',') return this.advance(inObject ? 'nameAfterComma' : 'valueAfterComma');
    const end = inObject ? '}' : ']';
    return char === end ? this.leave() : `a ',' or '${end}' is missing`;
  }

  private enter(bracket: '{' | '[', expected: Expected): string | undefined {
    this.open.push(bracket);
    return this.advance(expected);
  }

  private leave(): string | undefined {
    this.open.pop();
    return this.advance('commaOrEnd');
  }

  private advance(expected: Expected): string | undefined {
    this.at += 1;
    this.expected = expected;
    return undefined;
  }

  private missing(): string {
    const bracket = this.open.at(-1);
    return bracket === undefined
      ? 'a value is missing'
      : `the text ends before its closing '${bracket === '{' ? '}' : ']'}'`;
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}

function trailingComma(end: string): string {
  return `there is a comma before '${end}', which JSON does not allow`;
}

function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

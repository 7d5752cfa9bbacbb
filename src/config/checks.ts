import { ValidateBy, validateSync, type ValidationError } from 'class-validator';
import { UNPRICED_OPERATIONS } from '../images/unpriced-operations.js';
import { A_DURATION, findDuration } from '../spend/duration.js';
import { findOperationPrices } from './operation-prices.js';
import { isWholeMicroDollars } from '../spend/money.js';

/** A class-validator decorator whose message reads on from the property's path: "PORT must be …". Values are never quoted: they may be secrets. */
function mustBe(what: string, test: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({ name: what, validator: { validate: test, defaultMessage: () => `must be ${what}` } });
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

export const isBlock = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const IsText = () => mustBe('a text that is not empty (put digits in quotes)', isText);

export const IsFlag = () => mustBe('true or false', (value) => typeof value === 'boolean');

export const IsBlock = () => mustBe('a block of keys', isBlock);

export const IsOneOf = (values: readonly string[]) =>
  mustBe(`one of ${values.join(', ')}`, (value) => typeof value === 'string' && values.includes(value));

export const IsWholeNumber = (least: number, most: number) =>
  mustBe(
    `a whole number from ${least} to ${most}, in digits`,
    (value) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most,
  );

export const IsCount = () =>
  mustBe('a whole number, 0 or more', (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0);

export const IsPositive = (unit: string) =>
  mustBe(`a number of ${unit} above 0`, (value) => typeof value === 'number' && Number.isFinite(value) && value > 0);

export const IsPrice = () =>
  mustBe('a price in USD, 0 or more', (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0);

/** More than anybody spends, and exact as micro-dollars. */
const LARGEST_BUDGET = 1_000_000_000;

export const IsBudget = () =>
  mustBe(
    `an amount in USD from 0 to ${LARGEST_BUDGET} with at most 6 decimals`,
    (value) => typeof value === 'number' && value >= 0 && value <= LARGEST_BUDGET && isWholeMicroDollars(value),
  );

/** A key travels in a header, where a space or a line break would cut it short or be refused. */
export const IsKey = () =>
  mustBe(
    'a key of printable characters without spaces',
    (value) => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value),
  );

export const IsApiBase = () =>
  mustBe(
    'an http or https address that ends before or with /v1, such as https://external.api.recraft.ai',
    (value) => typeof value === 'string' && apiAddress(value) !== undefined,
  );

/** What browsers send as `origin`, character by character: with a path or a slash at its end it would match nothing. */
const isOrigin = (text: string): boolean => URL.parse(text)?.origin === text && /^https?:/.test(text);

export const IsOrigins = () =>
  mustBe(
    '*, none, or origins by comma, such as https://shop.example.com (no path, no slash at the end)',
    (value) =>
      value === '*' ||
      value === 'none' ||
      (isText(value) && value.split(',').every((origin) => isOrigin(origin.trim()))),
  );

/** Of a variable without a default, which stays text. */
export const IsPort = () =>
  mustBe(
    'a port from 0 to 65535, in digits',
    (value) => typeof value === 'string' && /^\d{1,5}$/.test(value) && Number(value) <= 65_535,
  );

export const IsShare = () =>
  mustBe(
    'a number from 0 to 1, such as 0.1',
    (value) => typeof value === 'string' && /^(?:0|1|0?\.\d+|1\.0+)$/.test(value.trim()),
  );

export const IsHttpAddress = () =>
  mustBe(
    'an http or https address, such as http://localhost:4318',
    (value) => typeof value === 'string' && /^https?:$/.test(URL.parse(value)?.protocol ?? ''),
  );

/** As OpenTelemetry spells headers in a variable: `name=value,name=value`, values percent-encoded. */
export const IsHeaderList = () =>
  mustBe(
    'headers such as name=value,name=value, with their values percent-encoded',
    (value) => typeof value === 'string' && readHeaderList(value) !== undefined,
  );

/** Undefined where the text is no list of headers. */
export function readHeaderList(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return undefined;
    try {
      headers[name] = decodeURIComponent(value);
    } catch {
      return undefined; // A percent sign that begins nothing.
    }
  }
  return headers;
}

export const IsDatabase = () =>
  mustBe(
    'a postgres:// address or none',
    (value) =>
      value === 'none' || (typeof value === 'string' && /^postgres(?:ql)?:$/.test(URL.parse(value)?.protocol ?? '')),
  );

export const IsRedisUrl = () =>
  mustBe(
    'a redis:// or rediss:// address, such as redis://localhost:6379',
    (value) => typeof value === 'string' && /^rediss?:$/.test(URL.parse(value)?.protocol ?? ''),
  );

export const IsDuration = () =>
  mustBe(A_DURATION, (value) => typeof value === 'string' && findDuration(value) !== undefined);

export const IsOperationPrices = () =>
  mustBe(
    `a JSON object of prices in USD, 0 or more, by operation (${UNPRICED_OPERATIONS.join(', ')}), such as {"explore": 0.14}`,
    (value) => typeof value === 'string' && findOperationPrices(value) !== undefined,
  );

/** Names with at most one `*`. */
export const IsModelName = () =>
  mustBe('a name with at most one *', (value) => isText(value) && value.split('*').length <= 2);

/** `recraft/<model>` or the bare model name; either may hold one `*`. */
export const IsRecraftModel = () =>
  mustBe(
    'a Recraft model, such as recraft/recraftv3: no other provider is served here',
    (value) => typeof value === 'string' && /^(?:recraft\/)?(?=.)[\w.:-]*\*?[\w.:-]*$/.test(value),
  );

/** A rule that is stated where it is needed. */
export const IsThat = mustBe;

export const IsListOf = (what: string, test: (text: string) => boolean) =>
  mustBe(
    `a list of ${what}`,
    (value) => Array.isArray(value) && value.every((text: unknown) => typeof text === 'string' && test(text)),
  );

/** Names that stand for names: a target is a name, or (unless it has to be plain) LiteLLM's `{model, hidden}`. */
export const IsAliasMap = ({ plain = false } = {}) =>
  mustBe(
    'a block that maps names to model names',
    (value) =>
      isBlock(value) &&
      Object.values(value).every(
        (target) =>
          isText(target) ||
          (!plain &&
            isBlock(target) &&
            isText(target['model']) &&
            ['boolean', 'undefined'].includes(typeof target['hidden'])),
      ),
  );

const isNameList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

export const IsNameList = () => mustBe('a list of model names', isNameList);

/** Groups and what stands in for them: `[{ a: [b, c] }]`. */
export const IsFallbackList = () =>
  mustBe(
    'a list of blocks that map a model name to a list of model names',
    (value) => Array.isArray(value) && value.every((item) => isBlock(item) && Object.values(item).every(isNameList)),
  );

/** An API address without the trailing slash or `/v1` that it may be given with; undefined where it is none. */
export function apiAddress(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  // A password or a query would be lost on the way to Recraft, and would show in the answers that name the address.
  if (url.username + url.password + url.search + url.hash !== '') return undefined;
  const path = url.pathname.replace(/(?:\/v1)?\/*$/, '');
  return /\/v1(?:\/|$)/.test(path) ? undefined : url.origin + path;
}

/** Checks an instance of a class-validator class; `path` is where it stands, for the messages. */
export function problemsIn(subject: object, path = ''): string[] {
  const errors = validateSync(subject, { stopAtFirstError: true, forbidUnknownValues: false });
  return errors.flatMap((error) => describe(error, path));
}

function describe({ property, constraints = {}, children = [] }: ValidationError, parent: string): string[] {
  const path = parent === '' ? property : `${parent}.${property}`;
  const [own] = Object.values(constraints);
  return own === undefined ? children.flatMap((child) => describe(child, path)) : [`${path} ${own}`];
}

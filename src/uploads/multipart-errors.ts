import { GatewayError } from '../errors/gateway-error.js';
import type { Fault } from '../errors/gateway-error.js';
import { inMegabytes } from './byte-size.js';
import { FORM_LIMITS } from './form-limits.js';
import type { FormLimits } from './form-limits.js';

type Row = readonly [fault: Fault, message: (field: string, limits: FormLimits) => string];

/** multer's codes (multer 2.5, `MulterError`). */
const BY_CODE: ReadonlyMap<unknown, Row> = new Map<string, Row>([
  ['LIMIT_FILE_SIZE', ['tooLarge', (field, { imageBytes }) => `${field} is larger than ${inMegabytes(imageBytes)}.`]],
  ['LIMIT_FIELD_VALUE', ['tooLarge', (field, { fieldBytes }) => `${field} is longer than ${inMegabytes(fieldBytes)}.`]],
  ['LIMIT_FILE_COUNT', ['invalidForm', () => `The form has more than ${FORM_LIMITS.files} files.`]],
  ['LIMIT_PART_COUNT', ['invalidForm', () => `The form has more than ${FORM_LIMITS.parts} parts.`]],
  ['LIMIT_FIELD_KEY', ['invalidForm', () => `A field name is longer than ${FORM_LIMITS.fieldNameBytes} bytes.`]],
  ['LIMIT_FIELD_NESTING', ['invalidForm', (field) => `The field name ${field} is nested too deeply.`]],
  ['LIMIT_FIELD_ARRAY_INDEX', ['invalidForm', (field) => `The index in the field name ${field} is too large.`]],
  ['INVALID_FIELD_NAME', ['invalidForm', (field) => `The field name ${field} is not understood.`]],
  ['MISSING_FIELD_NAME', ['invalidForm', () => 'A part of the form has no name.']],
]);

/** busboy's errors, which have a message and no code (busboy 1.6, `lib/types/multipart.js`). */
const BY_MESSAGE: readonly (readonly [start: string, message: string])[] = [
  ['Unexpected end of', 'The form ends before its closing boundary.'],
  ['Malformed part header', 'The form has a part with a malformed header.'],
  ['Malformed content type', 'The content-type header is malformed.'],
  ['Multipart: Boundary not found', 'The content-type header names no boundary; let your HTTP library set it.'],
];

/** Makes one of our errors of what multer and busboy report about the client's form; everything else stays as it is. */
export function toFormError(thrown: unknown, limits: FormLimits): unknown {
  const { code, field, message } = thrown as { code?: unknown; field?: string; message?: string };
  const row = BY_CODE.get(code);
  if (row) {
    const [fault, explain] = row;
    return new GatewayError(fault, explain(field ?? 'A field', limits), {
      ...(field !== undefined && { param: field }),
      cause: thrown,
    });
  }
  const known = BY_MESSAGE.find(([start]) => message?.startsWith(start));
  return known ? new GatewayError('invalidForm', known[1], { cause: thrown }) : thrown;
}

import { Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Settings } from '../config/settings.js';
import { discardRest } from '../errors/discard-rest.js';
import type { UploadedImage } from '../images/image-request.js';
import { FORM_LIMITS } from './form-limits.js';
import type { FormLimits } from './form-limits.js';
import { readJson } from './read-json.js';
import { readMultipart } from './read-multipart.js';
import type { MultipartBody } from './read-multipart.js';
import { Spool } from './spool.js';
import type { UploadedPart } from './spool.js';
import { UploadBudget } from './upload-budget.js';
import type { Lease } from './upload-budget.js';

/** A request body that was read. Whoever asked for it disposes of it when the request is over, however it ended. */
export interface ReadBody {
  /** A JSON object's members as they came, or a form's text fields: see `decodeFields`. */
  readonly fields: Record<string, unknown>;
  /** A form's files in the order they came; none with JSON. */
  readonly files: readonly UploadedPart[];
  /** Whether it has files, or bytes of the budget: else there is nothing to free. */
  readonly isHeld: boolean;
  /** Frees files and memory and gives their bytes back to the budget; can be called again. */
  dispose(): Promise<void>;
}

/** Room for what a body has beside its files and texts: boundaries and part headers. */
const FRAMING_BYTES = 1024 * 1024;

/** Up to here a JSON body is not worth an entry in the budget. */
const FREE_JSON_BYTES = 16 * 1024;

/** Reads request bodies within the limits an operator has set. */
@Injectable()
export class BodyReader {
  private readonly formLimits: FormLimits;
  private readonly jsonBytes: number;

  constructor(
    @Inject(Settings) { limits }: Settings,
    private readonly budget: UploadBudget,
    private readonly spool: Spool,
  ) {
    const largestForm = limits.imageBytes * FORM_LIMITS.files + limits.jsonBytes + FRAMING_BYTES;
    this.formLimits = {
      imageBytes: limits.imageBytes,
      fieldBytes: limits.fieldBytes,
      textBytes: limits.jsonBytes,
      // A body that the budget can never hold is too large, and not a reason to come back later.
      bodyBytes: Math.min(largestForm, limits.uploadBytesInFlight),
    };
    this.jsonBytes = Math.min(limits.jsonBytes, limits.uploadBytesInFlight);
  }

  /**
   * @throws GatewayError wrongContentType, tooLarge, tooBusy or invalidJson
   * @throws ClientLeft where the client hangs up
   */
  readJson(req: IncomingMessage, res: ServerResponse): Promise<ReadBody> {
    const options = { maxBytes: this.jsonBytes, freeBytes: FREE_JSON_BYTES };
    return this.read(req, res, (lease) => readJson(req, { ...options, lease }), withoutFiles);
  }

  /**
   * @param isField tells parts that are fields, even where they come as files
   * @throws GatewayError wrongContentType, tooLarge, tooBusy or invalidForm, or what `decodeFields` throws
   * @throws ClientLeft where the client hangs up
   */
  readMultipart(
    req: IncomingMessage,
    res: ServerResponse,
    isField: (part: UploadedImage) => boolean = () => false,
  ): Promise<ReadBody> {
    const options = { limits: this.formLimits, spool: this.spool, isField };
    return this.read(req, res, (lease) => readMultipart(req, { ...options, lease }), asItIs);
  }

  /** After a refusal the rest of the body runs into nothing, within bounds, while the answer goes out. */
  private read<T>(
    req: IncomingMessage,
    res: ServerResponse,
    read: (lease: Lease) => Promise<T>,
    bodyOf: (content: T) => MultipartBody,
  ): Promise<ReadBody> {
    const lease = this.budget.lease();
    return read(lease).then(
      (content) => disposable(bodyOf(content), lease),
      (error: unknown) => {
        lease.release();
        discardRest(req, res);
        throw error;
      },
    );
  }
}

const withoutFiles = (fields: Record<string, unknown>): MultipartBody => ({ fields, files: [] });

const asItIs = (body: MultipartBody): MultipartBody => body;

function disposable({ fields, files }: MultipartBody, lease: Lease): ReadBody {
  return {
    fields,
    files,
    isHeld: files.length > 0 || lease.held > 0,
    dispose: async () => {
      lease.release();
      await Promise.all(files.map((file) => file.dispose()));
    },
  };
}

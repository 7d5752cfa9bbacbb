import type { DocumentOperation } from '../images/image-provider.js';
import type { ImageRequest } from '../images/image-request.js';

type Operation = ImageRequest['operation'] | DocumentOperation;

const KNOWN: Readonly<Record<Operation, true>> = {
  generate: true,
  imageToImage: true,
  inpaint: true,
  outpaint: true,
  replaceBackground: true,
  generateBackground: true,
  removeBackground: true,
  eraseRegion: true,
  vectorize: true,
  crispUpscale: true,
  creativeUpscale: true,
  enhance: true,
  variate: true,
  explore: true,
  exploreSimilar: true,
  enhancePrompt: true,
  optimizeColors: true,
  createStyle: true,
  listStyles: true,
  listBasicStyles: true,
  readStyle: true,
  deleteStyle: true,
  readAccount: true,
  readStatus: true,
};

/** Everything that a key can be allowed to do, by the names that the log and `/v1/model/info` use. */
export const OPERATIONS: readonly string[] = Object.keys(KNOWN);

export { imageEdit, imageGeneration } from './sdk.js';
export type { EditOptions, GenerationOptions, Images, Picture, PictureInput } from './sdk.types.js';
export { GatewayError } from '../errors/gateway-error.js';

export { SettingsError } from '../config/settings-error.js';
export { GatewayError } from '../errors/gateway-error.js';
export { imageEdit, imageGeneration } from './sdk.js';
export type { EditOptions, GenerationOptions, Images, Picture, PictureInput } from './sdk.types.js';

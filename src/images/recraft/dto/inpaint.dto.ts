import { RecraftDrawingDto } from './options.dto.js';

/** What is to be drawn into, or behind, a picture. */
export class InpaintDto extends RecraftDrawingDto {}

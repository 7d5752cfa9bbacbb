import type { DocumentRequest } from '../image-provider.js';
import type { SourceImage } from '../image-request.js';
import { given } from '../request-fields.js';
import type { CreateStyleDto } from './dto/styles.dto.js';

/** The model that Recraft binds a style to where none is named (recraft-api.md §3, §6.1). */
const USUAL_MODEL = 'recraft/recraftv4_styles';

/** A wish for a style of one's own. */
export function styleRequest(dto: CreateStyleDto, pictures: readonly SourceImage[]): DocumentRequest {
  const { model: _model, ...fields } = given(dto);
  return { operation: 'createStyle', model: dto.model, usualModel: USUAL_MODEL, fields, pictures };
}

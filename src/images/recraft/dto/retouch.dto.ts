import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { RecraftOptionsDto } from './options.dto.js';

/** Work on a picture that needs no words. */
export class RetouchDto extends RecraftOptionsDto {
  /** In Recraft's published OpenAPI document, not in its documentation. */
  @IsOptional()
  @IsIn(['upscale4mp', 'upscale16mp'])
  upscale?: 'upscale4mp' | 'upscale16mp';
}

/** What is taken away is shown by the mask. */
export class EraseRegionDto extends RecraftOptionsDto {}

/** Details to be drawn anew. */
export class EnhanceDto extends RecraftOptionsDto {
  /** How much may change. */
  @ApiPropertyOptional({ default: 'moderate' })
  @IsOptional()
  @IsIn(['subtle', 'moderate'])
  refinement?: 'subtle' | 'moderate';
}

import { Module } from '@nestjs/common';
import { RoutingModule } from '../routing/routing.module.js';
import { UploadsModule } from '../uploads/uploads.module.js';
import { ImagesService } from './images.service.js';
import { EditsController } from './openai/edits.controller.js';
import { GenerationsController } from './openai/generations.controller.js';

/** Pictures made and edited: OpenAI's dialect over the one pipeline. */
@Module({
  imports: [RoutingModule, UploadsModule],
  controllers: [GenerationsController, EditsController],
  providers: [ImagesService],
  exports: [ImagesService],
})
export class ImagesModule {}

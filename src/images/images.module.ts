import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { OnceModule } from '../once/once.module.js';
import { RoutingModule } from '../routing/routing.module.js';
import { SpendModule } from '../spend/spend.module.js';
import { UploadsModule } from '../uploads/uploads.module.js';
import { Admission } from './admission.js';
import { ImagesService } from './images.service.js';
import { EditsController } from './openai/edits.controller.js';
import { GenerationsController } from './openai/generations.controller.js';
import { VariationsController } from './openai/variations.controller.js';
import { AccountController } from './recraft/account.controller.js';
import { PICTURE_CONTROLLERS } from './recraft/picture.controllers.js';
import { StylesController } from './recraft/styles.controller.js';
import { ToolsController } from './recraft/tools.controller.js';

/** Pictures made and edited: OpenAI's dialect and Recraft's own over the one pipeline. */
@Module({
  imports: [KeysModule, LimitsModule, OnceModule, RoutingModule, SpendModule, UploadsModule],
  controllers: [
    GenerationsController,
    EditsController,
    VariationsController,
    ...PICTURE_CONTROLLERS,
    StylesController,
    ToolsController,
    AccountController,
  ],
  providers: [Admission, ImagesService],
  exports: [ImagesService],
})
export class ImagesModule {}

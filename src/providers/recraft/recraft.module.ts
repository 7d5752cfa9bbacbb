import { type DynamicModule, Module } from '@nestjs/common';
import { ImageProvider } from '../../images/image-provider.js';
import { type ProviderOptions, RecraftProvider } from './recraft.provider.js';

/** The one vendor, behind the ImageProvider token. */
@Module({})
export class RecraftModule {
  static with(options: ProviderOptions): DynamicModule {
    return {
      module: RecraftModule,
      global: true,
      providers: [{ provide: ImageProvider, useFactory: () => new RecraftProvider(options) }],
      exports: [ImageProvider],
    };
  }
}

import { Module } from '@nestjs/common';
import { tmpdir } from 'node:os';
import { Settings } from '../config/settings.js';
import { BodyReader } from './body-reader.js';
import { Spool, SpoolOptions } from './spool.js';
import { UploadBudget } from './upload-budget.js';

/** Request bodies: read within limits, large files kept out of memory, everything freed afterwards. */
@Module({
  providers: [
    BodyReader,
    Spool,
    {
      provide: SpoolOptions,
      useFactory: ({ limits }: Settings): SpoolOptions => ({
        directory: tmpdir(),
        memoryBytes: limits.uploadMemoryBytes,
      }),
      inject: [Settings],
    },
    {
      provide: UploadBudget,
      useFactory: ({ limits }: Settings) => new UploadBudget(limits.uploadBytesInFlight),
      inject: [Settings],
    },
  ],
  exports: [BodyReader, UploadBudget],
})
export class UploadsModule {}

import { Module } from '@nestjs/common';
import { tmpdir } from 'node:os';
import { Settings } from '../config/settings.js';
import { Metrics } from '../telemetry/metrics.js';
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
      useFactory: ({ limits }: Settings, metrics: Metrics) => {
        const budget = new UploadBudget(limits.uploadBytesInFlight, (bytes) => {
          metrics.observeUpload(bytes);
        });
        const help = 'Bytes of request bodies that are held now, in memory or in temporary files.';
        metrics.watch('recraft_gateway_upload_bytes_in_flight', help, () => budget.inUse);
        return budget;
      },
      inject: [Settings, Metrics],
    },
  ],
  exports: [BodyReader, UploadBudget],
})
export class UploadsModule {}

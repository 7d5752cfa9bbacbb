import { Module } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { ConfigurationModule } from './config.module.js';
import { readSettings } from './read-settings.js';
import { Settings } from './settings.js';

@Module({ providers: [{ provide: 'reader', inject: [Settings], useFactory: (settings: Settings) => settings }] })
class ReaderModule {}

describe('ConfigurationModule', () => {
  it('hands the very value it was given to any module', async () => {
    const settings = readSettings({ MASTER_KEY: 'sk-1234', RECRAFT_API_KEY: 'k' });
    const app = await Test.createTestingModule({
      imports: [ConfigurationModule.with(settings), ReaderModule],
    }).compile();
    expect(app.get('reader')).toBe(settings);
    await app.close();
  });
});

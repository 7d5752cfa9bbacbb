import { Catch, type ArgumentsHost, type ExceptionFilter, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import type { NextFunction, Request, Response } from 'express';
import { ConfigurationModule } from '../config/config.module.js';
import { readSettings } from '../config/read-settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import { CallRecord } from '../telemetry/call-record.js';
import { TelemetryModule } from '../telemetry/telemetry.module.js';
import type { ModelCard } from './model-card.js';
import { RegistryModule } from './registry.module.js';

const card: ModelCard = {
  id: 'recraftv3',
  displayName: 'Recraft V3',
  released: 1_730_246_400,
  output: 'raster',
  microDollarsPerImage: 40_000,
  promptMax: 1000,
  countMax: 6,
  sizes: new Map([
    ['1:1', '1024x1024'],
    ['16:9', '1820x1024'],
  ]),
  operations: ['generate', 'imageToImage'],
  styles: new Set(['realistic_image']),
  customStyle: 'allowed',
  features: { negativePrompt: true, textLayout: true, artisticLevel: true, noText: false },
};

const settings = readSettings({
  MASTER_KEY: 'sk-1234',
  RECRAFT_API_KEY: 'recraft-secret',
  LOG_LEVEL: 'silent',
  MODEL_LIST: JSON.stringify([
    {
      model_name: 'poster',
      litellm_params: {
        model: 'recraft/recraftv3',
        api_key: 'own-secret',
        api_base: 'http://127.0.0.1:1',
        timeout: 60,
        style: 'icon',
      },
      model_info: { id: 'poster-1', mode: 'image_edit', output_cost_per_image: 0.05 },
    },
    { model_name: 'new', litellm_params: { model: 'recraft/recraftv99' }, model_info: { id: 'new-1' } },
  ]),
});

/** The envelope, as the gateway's own filter writes it. */
@Catch(GatewayError)
class EnvelopeFilter implements ExceptionFilter<GatewayError> {
  catch(error: GatewayError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(error.status).json(error.toEnvelope());
  }
}

let app: INestApplication;
let origin: string;

beforeAll(async () => {
  const imports = [ConfigurationModule.with(settings), RegistryModule.with([card]), TelemetryModule];
  app = (await Test.createTestingModule({ imports }).compile()).createNestApplication({ logger: false });
  app.useGlobalFilters(new EnvelopeFilter());
  app.use((request: Request, _response: Response, next: NextFunction) => {
    request.call = new CallRecord('req_1');
    next();
  });
  await app.listen(0, '127.0.0.1');
  origin = await app.getUrl();
});

afterAll(() => app.close());

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(origin + path);
  return { status: response.status, body: await response.json() };
}

const v3 = {
  id: 'recraft/recraftv3',
  object: 'model',
  created: 1_730_246_400,
  owned_by: 'recraft',
  name: 'Recraft V3',
  input_modalities: ['text', 'image'],
  output_modalities: ['image'],
  pricing: { image: '0.04' },
};

describe.each(['/v1', ''])('GET %s/models', (prefix) => {
  it('lists the models in the shape of OpenAI', async () => {
    const { status, body } = await get(`${prefix}/models`);
    const { object, data } = body as { object: string; data: { id: string }[] };
    expect({ status, object }).toEqual({ status: 200, object: 'list' });
    expect(data.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['poster', 'new', 'gpt-image-1', 'dall-e-3', v3.id]),
    );
    expect(data).toContainEqual(v3);
  });

  it.each(['recraft%2Frecraftv3', 'recraft/recraftv3'])('describes %s', async (id) => {
    expect(await get(`${prefix}/models/${id}`)).toEqual({ status: 200, body: v3 });
  });

  it.each([
    ['nothing', 'nothing'],
    ['recraft%2Fv3%20x', 'recraft/v3 x'],
  ])('answers 404 for %s', async (id, name) => {
    expect(await get(`${prefix}/models/${id}`)).toEqual({
      status: 404,
      body: {
        error: {
          message: `The model '${name}' does not exist.`,
          type: 'invalid_request_error',
          param: 'model',
          code: 'model_not_found',
        },
      },
    });
  });
});

describe.each(['/v1', ''])('GET %s/model/info', (prefix) => {
  it('describes a deployment with its price and limits, in the shape of LiteLLM', async () => {
    expect(await get(`${prefix}/model/info?litellm_model_id=poster-1`)).toEqual({
      status: 200,
      body: {
        data: [
          {
            model_name: 'poster',
            litellm_params: { model: 'recraft/recraftv3', api_base: 'http://127.0.0.1:1', timeout: 60, style: 'icon' },
            model_info: {
              id: 'poster-1',
              db_model: false,
              mode: 'image_edit',
              output_cost_per_image: 0.05,
              display_name: 'Recraft V3',
              output: 'raster',
              sizes: ['1:1', '16:9', '1024x1024', '1820x1024'],
              max_prompt_length: 1000,
              max_n: 6,
              operations: ['generate', 'imageToImage'],
              styles: ['realistic_image'],
              custom_style: 'allowed',
              features: { negative_prompt: true, text_layout: true, artistic_level: true, no_text: false },
            },
          },
        ],
      },
    });
  });

  it('says nothing about a model that the catalogue does not know', async () => {
    const { body } = await get(`${prefix}/model/info?litellm_model_id=new-1`);
    expect(body).toMatchObject({ data: [{ model_name: 'new', model_info: { id: 'new-1', db_model: false } }] });
    expect(JSON.stringify(body)).not.toContain('cost');
  });

  it('lists all deployments, and no key', async () => {
    const { body } = await get(`${prefix}/model/info`);
    expect(body).toMatchObject({ data: [{ model_name: 'poster' }, { model_name: 'new' }] });
    expect(JSON.stringify(body)).not.toMatch(/secret|api_key/);
  });

  it('answers 404 for an id that no deployment has', async () => {
    const { status, body } = await get(`${prefix}/model/info?litellm_model_id=none`);
    expect({ status, body }).toMatchObject({
      status: 404,
      body: { error: { message: "No deployment has the id 'none'.", param: 'litellm_model_id' } },
    });
  });
});

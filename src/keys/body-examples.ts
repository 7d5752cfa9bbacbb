import { ApiBody } from '@nestjs/swagger';

/** Bodies to start from in Swagger UI, which would otherwise fill in every field there is. */
const EXAMPLES = {
  generateKey: {
    shop: {
      summary: 'Two models, 25 dollars a month',
      value: {
        key_alias: 'web-shop',
        models: ['recraft/recraftv3', 'gpt-image-1'],
        ...{ max_budget: 25, budget_duration: '1mo', rpm_limit: 60, ipm_limit: 100 },
      },
    },
    month: { summary: 'Everything, for 30 days', value: { duration: '30d' } },
  },
  updateKey: {
    limits: {
      summary: 'Another limit, and ninety days more',
      value: { key: 'sk-web-shop-3f9d1c7a55e04b6b', rpm_limit: 120, duration: '90d' },
    },
  },
  blockKey: { key: { summary: 'By itself', value: { key: 'sk-web-shop-3f9d1c7a55e04b6b' } } },
  deleteKeys: {
    aliases: { summary: 'By their aliases', value: { key_aliases: ['web-shop'] } },
    keys: { summary: 'By themselves', value: { keys: ['sk-web-shop-3f9d1c7a55e04b6b'] } },
  },
  regenerateKey: {
    overlap: {
      summary: 'The old key works for another day',
      value: { key: 'sk-web-shop-3f9d1c7a55e04b6b', grace_period: '24h' },
    },
  },
  regenerateKeyInPath: { overlap: { summary: 'The old key works for another day', value: { grace_period: '24h' } } },
  createTeam: {
    design: {
      summary: '200 dollars a month for all',
      value: {
        ...{ team_id: 'design', team_alias: 'Design', max_budget: 200, budget_duration: '1mo' },
        max_parallel_requests: 10,
      },
    },
  },
  deleteTeams: { ids: { summary: 'By their ids', value: { team_ids: ['design'] } } },
  updateTeam: { models: { summary: 'Other models', value: { team_id: 'design', models: ['recraft/*'] } } },
} as const;

/** Documents the body of an operation with its examples. */
export function ApiExamples(type: new () => object, operation: keyof typeof EXAMPLES): MethodDecorator {
  return ApiBody({ type, examples: { ...EXAMPLES[operation] } });
}

import { referenceText } from './reference.js';

/** LiteLLM's page about Recraft: https://docs.litellm.ai/docs/providers/recraft */
export const PAGE = 'litellm-recraft-page.txt';

/** The page's code blocks that run as they stand, printed as the page prints them: some have lost their indentation. */
export const EXAMPLES = {
  environment: `# env variable
os.environ['RECRAFT_API_KEY']="your-api-key"
os.environ['RECRAFT_API_BASE']="https://external.api.recraft.ai"# [optional] `,

  start: `litellm --config config.yaml

# RUNNING on http://0.0.0.0:4000`,

  generationConfig: configFor('image_generation'),

  generationCurl: `curl --location 'http://0.0.0.0:4000/v1/images/generations' \\
--header 'Content-Type: application/json' \\
--header 'Authorization: Bearer sk-1234' \\
--data '{
    "model": "recraft-v3",
    "prompt": "A beautiful sunset over a calm ocean",
}'`,

  editConfig: configFor('image_edit'),

  editCurl: `curl --location 'http://0.0.0.0:4000/v1/images/edits' \\
--header 'Authorization: Bearer sk-1234' \\
--form 'model="recraft-v3"' \\
--form 'prompt="Create a studio ghibli style image that combines all the reference images. Make sure the person looks like a CTO."' \\
--form 'image=@"reference_image.png"'`,

  keySetup: `export RECRAFT_API_KEY="your-api-key"`,
} as const;

function configFor(mode: string): string {
  return `model_list:
-model_name: recraft-v3
litellm_params:
model: recraft/recraftv3
api_key: os.environ/RECRAFT_API_KEY
model_info:
mode: ${mode}

general_settings:
master_key: sk-1234`;
}

/** The config with the indentation that the page lost. */
export function withIndentation(config: string): string {
  const indents: readonly (readonly [line: RegExp, spaces: number])[] = [
    [/^-model_name/, 2],
    [/^(litellm_params|model_info)/, 4],
    [/^(model|api_key|mode):/, 6],
    [/^master_key/, 2],
  ];
  return config
    .split('\n')
    .map((line) => ' '.repeat(indents.find(([start]) => start.test(line))?.[1] ?? 0) + line.replace(/^-/, '- '))
    .join('\n');
}

/**
 * Every code block of the page in its order: its text where it is run as it stands, what is told in it where it is Python
 * and the tests say the same in TypeScript.
 */
export const BLOCKS: readonly (string | RegExp)[] = [
  EXAMPLES.environment,
  imageGeneration(''),
  EXAMPLES.generationConfig,
  EXAMPLES.start,
  EXAMPLES.generationCurl,
  imageGeneration(''),
  imageGeneration(' {4}style_id="your-style-id",\\n'),
  /client = OpenAI\(api_key=.*\)\n\nresponse = client\.images\.generate\([^]*extra_body=\{\n"style_id":"your-style-id",\n\},/,
  /image_edit\([^]*combines all the reference images[^]*image=image_file,\n\)/,
  EXAMPLES.editConfig,
  EXAMPLES.start,
  EXAMPLES.editCurl,
  /image_edit\([^]*n=2,[^]*response_format="url",[^]*style="realistic_image",[^]*strength=0\.5/,
  /image_edit\([^]*style_id="your-style-id",[^]*strength=0\.7\n/,
  /base_url="http:\/\/0\.0\.0\.0:4000"[^]*client\.images\.edit\([^]*"style_id":"your-style-id",\n"strength":0\.7/,
  EXAMPLES.keySetup,
];

function imageGeneration(more: string): RegExp {
  return new RegExp(`image_generation\\(\\n {4}model="recraft/recraftv3",\\n {4}prompt="A [\\w ]+",\\n${more}\\)`);
}

/** Whether an entry of the list stands for this code. */
export function tells(entry: string | RegExp | undefined, code: string): boolean {
  return entry instanceof RegExp ? entry.test(code) : entry === code;
}

/** The page's code blocks; undefined where the page is not on this machine. */
export function pageBlocks(): string[] | undefined {
  const blocks = referenceText(PAGE)?.matchAll(/^```\n(.*?)\n```$/gms);
  return blocks && Array.from(blocks, ([, code = '']) => code);
}

import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import jest from 'eslint-plugin-jest';
import ts from 'typescript-eslint';

/** One row per room: what may not be imported there, and why. The rooms are described in docs/architecture.md. */
const walls = [
  {
    files: ['src/**/*.ts'],
    ignores: ['src/app.module.ts', 'src/providers/**'],
    patterns: [
      { group: ['**/providers/**'], message: 'Depend on the ImageProvider token; only app.module knows a vendor.' },
    ],
  },
  {
    files: ['src/providers/**/*.ts'],
    patterns: [
      {
        regex:
          '^\\.\\./\\.\\./(?!images/image-request\\.js$|images/image-provider\\.js$|errors/|json/|multipart/|memory/|registry/(deployment|model-card)\\.js$)',
        message:
          'A provider knows what is asked, the port, deployments, model cards, the errors, the JSON and multipart scanners and the count of passing bytes; nothing else.',
      },
    ],
  },
  {
    files: ['src/sandbox/**/*.ts'],
    patterns: [
      {
        regex: '^\\.\\./(\\.\\./)*(?!sandbox)',
        message: 'The sandbox shares no code with the gateway, or both would agree on the same mistake.',
      },
    ],
  },
];

const nothingFromTheSandbox = {
  group: ['**/sandbox/**'],
  message: 'The sandbox is started beside the gateway, never imported by it.',
};

export default ts.config(
  { ignores: ['dist', 'coverage', 'bench/.portkey', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...ts.configs.strictTypeChecked, ...ts.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Nest modules are classes whose whole content is their decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowStaticOnly: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // The annotation is what decorators and the Swagger plugin read.
      '@typescript-eslint/no-inferrable-types': ['error', { ignoreProperties: true }],
      // A DTO is a shape with decorators on it; nobody calls its methods.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A port and its injection token share a name: `export const ImageProvider` beside `export interface ImageProvider`.
      '@typescript-eslint/no-redeclare': 'off',
      // `return this.refuse()` in a function that returns nothing is an early exit in one line.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreVoidReturningFunctions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  ...walls.map(({ files, ignores = [], patterns }) => ({
    files,
    ignores: ['**/*.spec.ts', ...ignores],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: files[0].startsWith('src/sandbox') ? patterns : [...patterns, nothingFromTheSandbox] },
      ],
    },
  })),
  {
    // One place reads the environment; everything else is handed a checked value.
    files: ['src/**/*.ts'],
    ignores: [
      'src/config/**',
      'src/sandbox/main.ts',
      'src/main.ts',
      'src/cli.ts',
      'src/sdk/in-process-gateway.ts',
      '**/*.spec.ts',
    ],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Take a value from Settings.' },
      ],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'Buffer',
          'URL',
          'URLSearchParams',
          'fetch',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'setImmediate',
          'performance',
          'AbortController',
          'AbortSignal',
          'FormData',
          'Blob',
          'File',
          'Response',
          'structuredClone',
          'TextDecoder',
          'TextEncoder',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*spec.{ts,js}'],
    extends: [jest.configs['flat/recommended']],
    rules: { 'jest/expect-expect': ['error', { assertFunctionNames: ['expect', '**.expect*', 'expect*'] }] },
  },
  prettier,
);

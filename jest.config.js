/** Sources are TypeScript with decorators; swc strips the types and keeps the decorator metadata that Nest injects by. */
const swc = [
  '@swc/jest',
  {
    module: { type: 'es6' },
    jsc: {
      target: 'es2024',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
    },
  },
];

const fromSource = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': swc },
};

/** What the built dist does is tested as built: nothing is transformed. */
const fromBuild = { testEnvironment: 'node', roots: ['<rootDir>/test'], transform: {} };

export default {
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', '!src/main.ts'],
  // Only what hangs should come to it: two files at a time share the cores with the processes they start.
  testTimeout: 30_000,
  projects: [
    { ...fromSource, displayName: 'unit', roots: ['<rootDir>/src'], testRegex: '\\.spec\\.ts$' },
    { ...fromSource, displayName: 'e2e', roots: ['<rootDir>/test'], testRegex: '\\.e2e-spec\\.ts$' },
    { ...fromSource, displayName: 'database', roots: ['<rootDir>/test'], testRegex: '\\.db-spec\\.ts$' },
    // One of its files runs the build.
    { ...fromSource, displayName: 'security', roots: ['<rootDir>/test'], testRegex: '\\.security-spec\\.ts$' },
    { ...fromBuild, displayName: 'contract', testRegex: '\\.contract-spec\\.js$' },
    { ...fromBuild, displayName: 'browser', testRegex: '\\.browser-spec\\.js$' },
    { ...fromBuild, displayName: 'deploy', testRegex: '\\.deploy-spec\\.js$' },
    { ...fromBuild, displayName: 'load', testRegex: '\\.load-spec\\.js$' },
  ],
};

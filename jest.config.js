import { availableParallelism } from 'node:os';

/**
 * Unit tests by default; `OUTRIGGER_TESTS=it|e2e` picks the suites that start servers or a cluster. Their time limits end
 * what hangs, and are far from what even a slow and busy machine takes.
 */
const suites = {
  unit: {
    testMatch: ['**/*.test.ts'],
    testTimeout: 120_000,
    testPathIgnorePatterns: ['/node_modules/', '\\.it\\.test\\.ts$', '\\.e2e\\.test\\.ts$'],
  },
  it: { testMatch: ['**/*.it.test.ts'], testTimeout: 300_000 },
  e2e: {
    testMatch: ['**/*.e2e.test.ts'],
    testTimeout: 600_000,
    globalSetup: '<rootDir>/e2e/stories/prepare.ts',
    globalTeardown: '<rootDir>/e2e/stories/finish.ts',
    // The cluster's programs and the bundler are children of this process, and would keep it from ending.
    forceExit: true,
  },
};

export default {
  rootDir: import.meta.dirname,
  // Each worker takes some 300 MB: a machine of many cores need not have as much memory.
  maxWorkers: Math.max(1, Math.min(availableParallelism() - 1, 8)),
  ...suites[process.env.OUTRIGGER_TESTS ?? 'unit'],
  testEnvironment: 'node',
  injectGlobals: false,
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  watchman: false,
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024', experimental: { keepImportAttributes: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  workerIdleMemoryLimit: '1GB',
};

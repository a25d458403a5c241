// biome-ignore lint/performance/noBarrelFile: the one door to the test runner, so that changing it touches one file
export { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

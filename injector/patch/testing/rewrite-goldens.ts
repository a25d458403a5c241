/**
 * Writes every golden file anew; read the difference before you commit it.
 * Usage: node injector/patch/testing/rewrite-goldens.ts
 */
import { readGoldens, rewriteGolden } from './golden.ts';

for (const golden of readGoldens()) rewriteGolden(golden);

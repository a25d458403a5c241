import packageJson from '../package.json' with { type: 'json' };

/** Our own version. */
export const version: string = packageJson.version;

/** The release of Dapr whose contracts are spoken: what SDKs and peers are told. */
export const daprVersion = '1.18.0';

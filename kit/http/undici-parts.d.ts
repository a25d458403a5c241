/** The parts of undici in use: importing all of it takes three times as long. */
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici';

  const pool: typeof Pool;
  export default pool;
}

declare module 'undici/lib/core/connect.js' {
  import type { buildConnector } from 'undici';

  const connector: typeof buildConnector;
  export default connector;
}

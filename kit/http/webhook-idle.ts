/**
 * How long a webhook's server keeps a connection that says nothing, in milliseconds. API servers give theirs up after 90 s
 * (client-go's idle time), so it is they who close: were it the server, a review sent at that moment would be lost, and
 * with it the pod that waited for it.
 */
export const webhookIdleMs = 120_000;

/**
 * `helm test`: asks every service of the control plane who it is, and the injector for a sidecar. Runs in a pod of the
 * release's namespace.
 * Environment: NAMESPACE, TRUST_DOMAIN, CA_FILE.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import process from 'node:process';
import { connect } from 'node:tls';

const { NAMESPACE: namespace, TRUST_DOMAIN: trustDomain, CA_FILE: file } = process.env;
const ca = readFileSync(file);
const timeout = 10_000;

/** The names in a service's certificate, once its chain leads to our trust anchors. */
function certificateNames(service) {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: service,
      port: 443,
      ca,
      timeout,
      ALPNProtocols: ['h2', 'http/1.1'],
      checkServerIdentity() {},
    });
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer in time')));
    socket.on('error', reject);
  });
}

async function hasIdentity(service, identity) {
  const wanted = `URI:spiffe://${trustDomain}/ns/${namespace}/${identity}`;
  const names = await certificateNames(service);
  if (!names.split(', ').includes(wanted)) throw new Error(`it is "${names}", not "${wanted}"`);
}

const review = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'helm-test',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    namespace,
    operation: 'CREATE',
    userInfo: { groups: ['system:masters'] },
    object: {
      metadata: { name: 'helm-test', annotations: { 'dapr.io/enabled': 'true' } },
      spec: { containers: [{ name: 'app', image: 'app' }] },
    },
  },
});

function mutate() {
  return new Promise((resolve, reject) => {
    const options = { host: 'dapr-sidecar-injector', servername: `dapr-sidecar-injector.${namespace}.svc` };
    const headers = { 'content-type': 'application/json' };
    const asking = request(
      { ...options, port: 443, path: '/mutate', method: 'POST', ca, timeout, headers },
      (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString())));
        response.on('error', reject);
      },
    );
    asking.once('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.on('error', reject);
    asking.end(review);
  });
}

async function addsSidecar() {
  const { response } = await mutate();
  const patch = Buffer.from(response.patch ?? '', 'base64').toString();
  if (!patch.includes('"daprd"')) throw new Error(`it answered ${JSON.stringify(response)}`);
}

const checks = {
  'sentry has its identity': () => hasIdentity('dapr-sentry', 'dapr-sentry'),
  'the operator has its identity': () => hasIdentity('dapr-api', 'dapr-operator'),
  'the conversion webhook has its identity': () => hasIdentity('dapr-webhook', 'dapr-operator'),
  'the injector has its identity': () => hasIdentity('dapr-sidecar-injector', 'dapr-injector'),
  'the injector adds a sidecar': addsSidecar,
};
for (const [what, check] of Object.entries(checks)) {
  try {
    await check();
    process.stdout.write(`ok: ${what}\n`);
  } catch (thrown) {
    process.stdout.write(`FAILED: ${what}: ${thrown.message}\n`);
    process.exitCode = 1;
  }
}

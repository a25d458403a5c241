import { hostname } from 'node:os';
import type { NameResolver } from '#contracts/names.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Security } from '#kit/security/security.ts';
import type { Endpoints } from '../invoke/endpoints.ts';
import type { Policies } from '../policy/guards.ts';
import { startAccess } from './access.ts';
import type { App } from './app-channel.ts';
import type { ComponentsStarted } from './components.ts';
import { startEndpoints } from './endpoints.ts';
import type { Foundation } from './foundation.ts';
import { type Invocation, startInvocation } from './invocation.ts';
import { startNames } from './names.ts';
import { ownAddress } from './own-address.ts';

export type CallsStart = { base: Foundation; policies: Policies; components: ComponentsStarted; app: App };

/** Calls between this app, other apps and HTTPEndpoints. */
export type Calls = {
  /** Undefined where names are not resolved. */
  names: NameResolver | undefined;
  endpoints: Endpoints;
  invocation: Invocation;
  /** Where other sidecars reach this one. */
  hostAddress: string;
  /** Undefined where sidecars talk to each other in plain text. */
  peerSecurity: Security | undefined;
};

/** Opens the ways to other apps, and prepares the way in. */
export async function startCalls({ base, policies, components, app }: CallsStart): Promise<Calls> {
  const { config, resources, metrics, tracing, log, signal, stack } = base;
  const { source, configuration } = resources;
  const { registry, sockets } = components;
  const scope = { log, signal, stack };
  const names = await startNames({ config, configuration, sockets, ...scope });
  const endpoints = await startEndpoints({ config, source, registry, watch: metrics?.outgoing.http, ...scope });
  const hostAddress = config.hostAddress ?? ownAddress();
  // In Kubernetes there is an identity for the control plane even where sidecars talk to each other in plain text.
  const peerSecurity = config.controlPlane.mtls ? base.security : undefined;
  const invocation = startInvocation({
    ...{ config, hostAddress, hostName: hostname(), app, names, endpoints, policies, security: peerSecurity, ...scope },
    authorize: startAccess(config, configuration, metrics),
    metrics: metrics?.invocation,
    tracing,
    tracesPeers: base.traces,
    now: systemClock.now,
  });
  return { names, endpoints, invocation, hostAddress, peerSecurity };
}

import { type Attestor, checkRequest } from './attestor.ts';

/** Takes the caller's word. For standalone mode on a network where every caller is trusted. */
export const insecureAttestor: Attestor = async (request) => ({ trustDomain: checkRequest(request) });

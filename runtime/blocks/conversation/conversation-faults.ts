import { type Fault, fault, toFault } from '#kit/errors/fault.ts';

export const missingInputs = (name: string): Fault =>
  fault('conversation-missing-inputs', `failed conversing with component ${name}: missing inputs in request`);

export const invalidParams = (name: string, why: string): Fault =>
  fault('conversation-invalid-params', `failed conversing with component ${name}: invalid params: ${why}`);

export const conversationFailed = (name: string, thrown: unknown): Fault =>
  fault('conversation-invoke', `failed conversing with component ${name}: ${toFault(thrown).message}`, {
    cause: thrown,
  });

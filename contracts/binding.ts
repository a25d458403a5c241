import type { Metadata } from './component.ts';

export type InvokeRequest = {
  data: Uint8Array;
  /** One of the binding's operations. */
  operation: string;
  metadata?: Metadata | undefined;
};

export type InvokeResponse = {
  data?: Uint8Array | undefined;
  metadata?: Metadata | undefined;
  contentType?: string | undefined;
};

export type BindingEvent = {
  data: Uint8Array;
  metadata?: Metadata | undefined;
  contentType?: string | undefined;
};

/** Resolves to the app's reply, if it has one; rejecting asks the source to deliver again. */
export type EventHandler = (event: BindingEvent, signal: AbortSignal) => Promise<Uint8Array | undefined>;

/** An opened binding: an input if it reads, an output if it invokes. */
export type Binding = AsyncDisposable & {
  /** Resolves when events flow. Ends when the signal aborts, and reconnects by itself until then. */
  read?(handler: EventHandler, signal: AbortSignal): Promise<void>;
  /** Never empty on an output binding. */
  readonly operations?: readonly string[];
  invoke?(request: InvokeRequest, signal?: AbortSignal): Promise<InvokeResponse>;
  ping?(signal?: AbortSignal): Promise<void>;
};

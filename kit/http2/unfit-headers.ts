import { type HeaderBlock, tooLarge } from './hpack-decoder.ts';
import { errorCode } from './protocol.ts';

type Unfit = typeof errorCode.enhanceYourCalm | typeof errorCode.protocolError;

/** Why a stream cannot begin with that header block; undefined where it is a request's. */
export function unfitRequest({ headers, problem }: HeaderBlock): Unfit | undefined {
  const whole = headers[':method'] !== undefined && headers[':path'] !== undefined && headers[':scheme'] !== undefined;
  if (problem === undefined && whole && headers[':status'] === undefined) return undefined;
  return codeOf(problem);
}

/** Why a header block has no place on a stream that is under way: an answer, or trailers, which end a request. */
export function unfitLater({ headers, problem }: HeaderBlock, isServer: boolean, end: boolean): Unfit | undefined {
  const misplaced = headers[':path'] !== undefined || (isServer && !end);
  return problem === undefined && !misplaced ? undefined : codeOf(problem);
}

const codeOf = (problem: string | undefined): Unfit =>
  problem === tooLarge ? errorCode.enhanceYourCalm : errorCode.protocolError;

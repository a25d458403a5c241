import { fault } from '#kit/errors/fault.ts';

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const value = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const maxMembers = 180;
const maxBytes = 8_192;

/**
 * Checks a `baggage` header by the W3C's grammar; it is passed on as it is. Throws `bad-request` with Dapr's words
 * (`invalid baggage header: …`) and the member that is wrong.
 */
export function checkBaggage(header: string): void {
  const members = header.split(',');
  if (header.length > maxBytes || members.length > maxMembers)
    throw invalid(`more than ${maxMembers} members or ${maxBytes} bytes`);
  for (const member of members) checkMember(member.trim());
}

function checkMember(member: string): void {
  const [pair = '', ...properties] = member.split(';').map((part) => part.trim());
  const equals = pair.indexOf('=');
  const key = pair.slice(0, equals).trim();
  if (equals < 1 || !token.test(key) || !value.test(pair.slice(equals + 1).trim()))
    throw invalid(`"${member}" is not key=value`);
  for (const property of properties) {
    const [name = '', text = ''] = property.split('=', 2).map((part) => part.trim());
    if (!token.test(name) || !value.test(text)) throw invalid(`"${property}" is not a property`);
  }
}

const invalid = (why: string) => fault('bad-request', `invalid baggage header: ${why}`);

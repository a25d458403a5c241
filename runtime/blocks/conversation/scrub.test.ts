import { describe, expect, it } from '#kit/testing/test.ts';
import { scrub } from './scrub.ts';

describe('scrub', () => {
  it.each([
    ['my phone number is +2222222222', 'my phone number is <PHONE_NUMBER>'],
    ['call 020 7946-0958 now', 'call <PHONE_NUMBER> now'],
    ['my email is test@test.com.', 'my email is <EMAIL_ADDRESS>.'],
    ['well hello there from 10.8.9.1', 'well hello there from <IP>'],
    ['from 2001:db8::ff00:42:8329', 'from <IP>'],
    ['ssn 078-05-1120', 'ssn <SSN>'],
    ['card 4111 1111 1111 1111', 'card <CREDIT_CARD>'],
    ['iban DE89 3704 0044 0532 0130 00', 'iban <IBAN>'],
    ['I have 3 cats and 12 dogs since 2019', 'I have 3 cats and 12 dogs since 2019'],
  ])('%s', (text, scrubbed) => expect(scrub(text)).toBe(scrubbed));
});

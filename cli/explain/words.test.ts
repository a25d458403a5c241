import { describe, expect, it } from '#kit/testing/test.ts';
import { inWords } from './words.ts';

describe('an explanation in words', () => {
  it('is a table of policies, the longest cells last, with what is wrong below it', () => {
    const settings = { policy: 'constant', duration: '10ms', matching: { httpStatusCodes: '500-599' } };
    const policies = [
      { part: 'timeout', policy: 'short', settings: '2s', resource: 'calm' },
      { part: 'retry', policy: 'again', settings, resource: 'calm' },
      { part: 'circuitBreaker', policy: '', resource: '' },
    ];
    expect(inWords({ about: 'resiliency', by: 'target', policies, problems: ['storm: trip: no CEL'] })).toBe(
      `PART            POLICY  RESOURCE  SETTINGS
timeout         short   calm      2s
retry           again   calm      policy=constant duration=10ms matching={"httpStatusCodes":"500-599"}
circuitBreaker  -       -
A resource names this target.
warning: storm: trip: no CEL
`,
    );
  });

  it('says who decided on access, and by which operation', () => {
    expect(inWords({ about: 'access', allowed: false, by: 'app', rule: '/pay/**' })).toBe(
      "ACCESS  BY                       OPERATION\ndenied  the caller's own policy  /pay/**\n",
    );
    expect(inWords({ about: 'access', allowed: true, by: 'global' })).toBe(
      'ACCESS   BY                          OPERATION\nallowed  the default of all callers  -\n',
    );
  });
});

import { describe, expect, it } from '#kit/testing/test.ts';
import { topicScopes } from './scopes.ts';

describe('topicScopes', () => {
  const cases: [string, Record<string, string>, string, [publish: boolean, subscribe: boolean]][] = [
    ['without any setting, every topic', {}, 't', [true, true]],
    ['only allowed topics, where some are', { allowedTopics: 'a, b' }, 't', [false, false]],
    ['an allowed topic', { ALLOWEDTOPICS: 'a, t' }, 't', [true, true]],
    ['no protected topic without a scope', { protectedTopics: 't' }, 't', [false, false]],
    ['a protected topic with a scope for it', { protectedTopics: 't', publishingScopes: 'app=t' }, 't', [true, false]],
    ['only scoped topics, where the app has a scope', { subscriptionScopes: 'app=a;other=t' }, 't', [true, false]],
    ['every topic, where only other apps have scopes', { subscriptionScopes: 'other=t' }, 't', [true, true]],
    ['nothing, where the scope of the app is empty', { publishingScopes: 'app=' }, 't', [false, true]],
  ];
  it.each(cases)('allows %s', (_, metadata, topic, expected) => {
    const scopes = topicScopes(metadata, 'app');
    expect([scopes.mayPublish(topic), scopes.maySubscribe(topic)]).toEqual(expected);
  });
});

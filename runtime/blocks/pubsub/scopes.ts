/** Which topics of a component an app may use. */
export type TopicScopes = {
  mayPublish(topic: string): boolean;
  maySubscribe(topic: string): boolean;
};

/**
 * Reads `allowedTopics`, `protectedTopics`, `publishingScopes` and `subscriptionScopes` (`app1=t1,t2;app2=t3`); names
 * ignore case. An app without a scope may use every topic that is allowed and not protected.
 */
export function topicScopes(metadata: Readonly<Record<string, string>>, appId: string): TopicScopes {
  const of = (wanted: string) => {
    const found = Object.entries(metadata).find(([name]) => name.toLowerCase() === wanted.toLowerCase());
    return (found?.[1] ?? '').replaceAll(' ', '');
  };
  const allowed = topicsOf(of('allowedTopics'));
  const protectedTopics = topicsOf(of('protectedTopics'));
  const check = (scopes: string) => {
    const own = scopes.split(';').flatMap((app) => {
      const [id, topics] = app.split('=');
      return id === appId && topics !== undefined ? topics.split(',') : [];
    });
    const scoped = new Set(own);
    return (topic: string) => {
      if (allowed.size > 0 && !allowed.has(topic)) return false;
      if (scoped.size === 0 && !protectedTopics.has(topic)) return true;
      return scoped.has(topic);
    };
  };
  return { mayPublish: check(of('publishingScopes')), maySubscribe: check(of('subscriptionScopes')) };
}

const topicsOf = (text: string) => new Set(text === '' ? [] : text.split(','));

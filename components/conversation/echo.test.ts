import type { ConverseRequest } from '#contracts/conversation.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { component } from './echo.ts';

const converse = async (request: ConverseRequest) => {
  const context = { name: 'echo', log: silentLogger, signal: new AbortController().signal, env: {} };
  await using conversation = await component.open({}, context);
  return await conversation.converse(request);
};

describe('conversation.echo', () => {
  it('answers what it was told and counts its words', async () => {
    const request: ConverseRequest = {
      messages: [
        { role: 'system', content: ['be kind'] },
        { role: 'user', content: ['hello'] },
        { role: 'tool', toolId: '1', name: 'clock', content: ['noon'] },
      ],
    };
    expect(await converse(request)).toMatchObject({
      choices: [
        {
          finishReason: 'stop',
          content: "be kind\nhello\nTool Response for tool ID '1' with name 'clock': noon",
        },
      ],
      usage: { prompt: 13, completion: 13, total: 26 },
    });
  });

  it('calls every tool it was offered, then those it was told of', async () => {
    const parameters = { type: 'object', properties: { unit: {}, city: {} } };
    const told = { id: 'x', name: 'old', arguments: '{}' };
    const { choices } = await converse({
      messages: [{ role: 'assistant', content: [], toolCalls: [told] }],
      tools: [{ name: 'weather', parameters }],
    });
    expect(choices).toEqual([
      {
        finishReason: 'tool_calls',
        content: '',
        toolCalls: [{ id: '0', name: 'weather', arguments: 'city,unit' }, told],
      },
    ]);
  });
});

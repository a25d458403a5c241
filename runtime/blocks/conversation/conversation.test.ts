import { create } from '@bufbuild/protobuf';
import { anyPack, Int64ValueSchema } from '@bufbuild/protobuf/wkt';
import { component } from '#components/conversation/echo.ts';
import type { Conversation } from '#contracts/conversation.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { createRegistry } from '../../registry.ts';
import { componentStage } from '../../stages/component.ts';
import { throughBothDoors } from '../../testing/doors.ts';
import { converseAlpha1 } from './converse-alpha1.ts';
import { converseAlpha2 } from './converse-alpha2.ts';
import { conversationKind } from './kind.ts';

const { method } = Dapr;

throughBothDoors('conversing', (connect) => {
  const setUp = async (model?: Partial<Conversation>) => {
    const context = { name: 'echo', log: silentLogger, signal: new AbortController().signal, env: {} };
    const object = { ...(await component.open({}, context)), ...model };
    const registry = createRegistry();
    registry.add({
      ...{ name: 'echo', type: 'conversation.echo', version: 'v1', kind: conversationKind },
      ...{ component: { name: 'echo', model: object } },
      ...{ guard: undefined, observe: undefined, close: async () => {} },
    });
    return connect({ operations: [converseAlpha1, converseAlpha2], stages: [componentStage(registry, 'shop')] });
  };
  const user = (text: string) => ({
    messages: [{ messageTypes: { case: 'ofUser' as const, value: { content: [{ text }] } } }],
  });
  const weather = {
    toolTypes: { case: 'function' as const, value: { name: 'weather', parameters: { properties: { city: {} } } } },
  };

  it('passes messages on and answers choices, tool calls and usage', async () => {
    const client = await setUp();
    const { outputs } = await client.call(method.converseAlpha2, {
      name: 'echo',
      inputs: [user('hello there')],
      tools: [weather],
    });
    expect(outputs).toMatchObject([
      {
        choices: [
          {
            finishReason: 'tool_calls',
            message: {
              content: 'hello there',
              toolCalls: [{ id: '0', toolTypes: { value: { name: 'weather', arguments: 'city' } } }],
            },
          },
        ],
        usage: { promptTokens: 2n, completionTokens: 2n, totalTokens: 4n },
      },
    ]);
  });

  it('tells the parts of the usage, those that were used', async () => {
    const usage = {
      ...{ prompt: 9, completion: 12, total: 21, ofPrompt: { audio: 0, cached: 8 } },
      ofCompletion: { audio: 0, reasoning: 0, acceptedPrediction: 0, rejectedPrediction: 0 },
    };
    const client = await setUp({ converse: async () => ({ choices: [], usage }) });
    const { outputs } = await client.call(method.converseAlpha2, { name: 'echo', inputs: [user('hi')] });
    expect(outputs[0]!.usage).toMatchObject({ totalTokens: 21n, promptTokensDetails: { cachedTokens: 8n } });
    expect(outputs[0]!.usage?.completionTokensDetails).toBeUndefined();
  });

  it('takes out what tells who a person is, where asked', async () => {
    const client = await setUp();
    const inputs = [{ ...user('I am a@b.org'), scrubPii: true }, user('from 10.0.0.1')];
    const { outputs } = await client.call(method.converseAlpha2, { name: 'echo', inputs });
    expect(outputs[0]?.choices[0]?.message?.content).toBe('I am <EMAIL_ADDRESS>\nfrom 10.0.0.1');
    const older = await client.call(method.converseAlpha1, {
      ...{ name: 'echo', inputs: [{ content: 'call +2222222222', scrubPII: true }], contextID: 'c' },
    });
    expect(older).toMatchObject({ contextID: 'c', outputs: [{ result: 'call <PHONE_NUMBER>' }] });
  });

  it('takes parameters of any protobuf type of its own', async () => {
    const client = await setUp();
    const value = anyPack(Int64ValueSchema, create(Int64ValueSchema, { value: 7n }));
    const { outputs } = await client.call(method.converseAlpha1, {
      ...{ name: 'echo', inputs: [{ content: 'hi' }], parameters: { seed: value } },
    });
    expect(outputs[0]?.parameters['seed']?.typeUrl).toBe('type.googleapis.com/google.protobuf.Int64Value');
  });

  it('says what is wrong with a request, or with the model', async () => {
    const client = await setUp();
    const ask = (more: object) => client.call(method.converseAlpha2, { name: 'echo', inputs: [user('hi')], ...more });
    await client.fails(ask({ name: 'none' }), 'conversation-not-found', 'failed finding conversation component none');
    await client.fails(ask({ inputs: [] }), 'conversation-missing-inputs', /missing inputs in request$/);
    await client.fails(
      ask({ toolChoice: 'clock', tools: [weather] }),
      'conversation-invalid-params',
      /tool choice must/,
    );
    const broken = await setUp({ converse: () => Promise.reject(new Error('quota is used up')) });
    const failing = broken.call(method.converseAlpha2, { name: 'echo', inputs: [user('hi')] });
    await broken.fails(failing, 'conversation-invoke', 'failed conversing with component echo: quota is used up');
  });
});

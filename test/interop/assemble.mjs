/* assemble.mjs - streams of every kind of block, written by AWS's encoder: --json-message gives what the
 * events of AWS's SDK give by hand. ConverseStream and Converse. Leaves out: bad streams. */
import assert from 'node:assert/strict';
import { ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { assertDone, bedrock, check, end, eventFrame, sdkClients, serve } from './peer.mjs';
import { byHand, plain } from './hand.mjs';

/* ---- Streams ---- */

const start = (contentBlockIndex, s) => ['contentBlockStart', { contentBlockIndex, start: s }];
const delta = (contentBlockIndex, d) => ['contentBlockDelta', { contentBlockIndex, delta: d }];
const stop = (contentBlockIndex) => ['contentBlockStop', { contentBlockIndex }];
const say = (index, text) => delta(index, { text });
const think = (index, reasoningContent) => delta(index, { reasoningContent });
const use = (index, input) => delta(index, { toolUse: { input } });
const base64 = (text) => Buffer.from(text).toString('base64');
const cited = (title, more) => ({ citation: { title, source: 's', ...more } });

const INPUT = JSON.stringify({ 'plätze "x"': ['Zürich', '😀\n', -0.5, 1e21, null], leer: {}, tief: [[[[]]]] });
const location = { documentChar: { documentIndex: 0, start: 5, end: 9 } };

/* All that comes between messageStart and messageStop. */
const scripts = [
    ['text', [say(0, 'Grüße '), say(0, ''), say(0, '"日本" 😀\n\u0001'), stop(0)]],
    ['no text at all', []],
    ['a block without any delta', [stop(0), say(1, 'b'), stop(1)]],
    ['characters cut into halves', [
        say(0, 'a\ud83d'), say(0, '\ude00\ud83d'), say(0, '\ude01'), think(1, { text: '\ud83e' }),
        think(1, { text: '\udde0' }), stop(1), stop(0),
    ]],
    ['a tool use in fragments of one character', [
        start(0, { toolUse: { toolUseId: 'tooluse_1', name: 'weather' } }),
        ...INPUT.split('').map((c) => use(0, c)), stop(0),
    ]],
    ['tool uses side by side', [
        start(0, { toolUse: { toolUseId: 'id_1', name: 'f' } }),
        start(1, { toolUse: { toolUseId: 'id_2', name: 'g' } }),
        use(1, '{"g"'), use(0, '{"f"'), use(1, ': [1, 2'), use(0, ': "}"}'), use(1, ']}'), stop(1), stop(0),
    ]],
    ['a tool use without input', [
        start(0, { toolUse: { toolUseId: 'id_1', name: 'f' } }), stop(0),
        start(1, { toolUse: { toolUseId: 'id_2', name: 'g' } }), use(1, ''), stop(1),
    ]],
    ['a tool of the service, and its result', [
        start(0, { toolUse: { toolUseId: 'id_1', name: 'f', type: 'server_tool_use' } }),
        use(0, '{}'), stop(0),
        start(1, { toolResult: { toolUseId: 'id_1', status: 'success', type: 'web' } }),
        delta(1, { toolResult: [{ text: 'one \ud83d' }] }),
        delta(1, { toolResult: [{ text: '\ude00' }, { text: 'two' }] }),
        delta(1, { toolResult: [{ json: { a: [1, 'b'] } }] }),
        delta(1, { toolResult: [{ text: 'three' }] }), stop(1),
    ]],
    ['reasoning with its signature', [
        think(0, { text: 'Let me ' }), think(0, { text: 'think: 🧠' }), think(0, { signature: 'c2ln' }),
        think(0, { signature: 'bmF0dXJl' }), stop(0), say(1, 'Yes.'), stop(1),
    ]],
    ['a signature without a text', [think(0, { signature: 'c2ln' }), stop(0), say(1, 'Yes.'), stop(1)]],
    ['redacted reasoning, in pieces of any length', [
        ...['r', 'ed', 'act', 'ed, \ufffd', ''].map((text) => think(0, { redactedContent: base64(text) })),
        stop(0),
    ]],
    ['citations', [
        say(0, 'It is '), delta(0, cited('A', { location })), say(0, 'so.'),
        delta(0, cited('Ä "B"', { sourceContent: [{ text: 'because' }] })), stop(0),
        say(1, ' And more.'), stop(1),
    ]],
    ['an image in pieces', [
        start(0, { image: { format: 'png' } }),
        ...['iVBO', 'Rw==', 'DQoaCg=='].map((bytes) => delta(0, { image: { source: { bytes } } })), stop(0),
    ]],
    ['an image elsewhere, and one that failed', [
        start(0, { image: { format: 'png' } }),
        delta(0, { image: { source: { s3Location: { uri: 's3://b/k' } } } }), stop(0),
        start(1, { image: { format: 'jpeg' } }), delta(1, { image: { error: { message: 'no' } } }), stop(1),
    ]],
    ['kinds that nobody knows', [
        start(0, { dance: { style: 'wal', n: 1 } }), delta(0, { dance: { style: 'tz', steps: [1] } }),
        delta(0, { dance: { n: 2, steps: [2, 3] } }), stop(0),
        delta(1, { smell: 'ro' }), delta(1, { smell: 'se \ud83c' }), delta(1, { smell: '\udf39' }), stop(1),
        say(2, 'x'), delta(2, { mood: { is: 'good' } }), stop(2),
    ]],
    ['blocks out of order, with gaps', [
        say(7, 'c'), say(0, 'a'), say(3, 'b'), say(7, 'C'), stop(0), stop(7), stop(3),
    ]],
];
scripts.push(['all of that, one block behind the other', scripts.flatMap(([, events], i) =>
    events.map(([type, payload]) =>
        [type, { ...payload, contentBlockIndex: payload.contentBlockIndex + 10 * i }]))]);

const around = (events) => [
    ['messageStart', { role: 'assistant' }],
    ...events,
    ['messageStop', { stopReason: 'end_turn', additionalModelResponseFields: { stop: [1.5, null, 'x'] } }],
    ['metadata', {
        usage: {
            inputTokens: 11, outputTokens: 7, totalTokens: 18,
            cacheReadInputTokens: 0, cacheWriteInputTokens: 3,
        },
        metrics: { latencyMs: 2280 },
        trace: { promptRouter: { invokedModelId: 'x' } },
        performanceConfig: { latency: 'optimized' },
        serviceTier: { type: 'flex' },
    }],
];

/* ---- The two clients ---- */

let now, answer;
const server = await serve((request, response) => {
    const streams = request.target.endsWith('-stream');

    response.setHeader('content-type', streams ? 'application/vnd.amazon.eventstream' : 'application/json');
    response.end(streams ? Buffer.concat(now.map(([type, payload]) => eventFrame(type, payload))) : answer);
});
const { runtime } = sdkClients(server.url);

for (const [name, events] of scripts) {
    for (const flags of [['--json-message'], ['--json', '--json-message']]) {
        await check(`${flags[0]}: ${name}`, async () => {
            now = around(events).map(([type, payload], i) =>
                [type, { ...payload, p: 'abcdefghij'.slice(i % 10) }]);

            const { stream } = await runtime.send(new ConverseStreamCommand({ modelId: 'm' }));
            const want = await byHand(stream);
            const got = await bedrock(['converse', '--stream', '-q', ...flags, '-m', 'm',
                '--endpoint-url', server.url, 'Hello']);

            assertDone(got);
            answer = got.stdout.split('\n').at(-2);
            assert.deepEqual(JSON.parse(answer), want);

            /* the SDK takes our document for the answer that Converse gives */
            const { $metadata, ...whole } = await runtime.send(new ConverseCommand({ modelId: 'm' }));

            assert.equal($metadata.httpStatusCode, 200);
            assert.equal(whole.output.message.content.length, want.output.message.content.length);
            if (!/nobody knows|all of that/.test(name))
                assert.deepEqual(plain(whole), want);
        });
    }
}

server.close();
end();

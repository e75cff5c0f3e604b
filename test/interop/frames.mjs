/* frames.mjs OURS - ./bedrock reads streams that AWS's encoder wrote, cut anywhere, and AWS's decoder reads
 * frames that bedrock_frame_append() wrote (OURS is ours.c, built). ConverseStream over
 * application/vnd.amazon.eventstream. Leaves out: broken HTTP. */
import assert from 'node:assert/strict';
import {
    answerFrames, assertDone, bedrock, check, codec, end, errorFrame, errorOf, eventFrame, exceptionFrame,
    jsonLines, run, serve,
} from './peer.mjs';

const MODEL = 'amazon.nova-lite-v1:0';

/* ---- A server that streams what the case at hand says ---- */

let now; /* { frames, size, cut } */

/* Pieces of so many bytes, each in a write of its own; size 0: by chance, from 1 to 40. */
function* pieces(bytes, size) {
    let seed = 1;

    for (let at = 0; at < bytes.length;) {
        seed = (seed * 48271) % 2147483647;
        const n = size || 1 + (seed % 40);

        yield bytes.subarray(at, at + n);
        at += n;
    }
}

const server = await serve(async (request, response) => {
    const bytes = Buffer.concat(now.frames);

    response.writeHead(200, {
        'content-type': 'application/vnd.amazon.eventstream',
        'x-amzn-requestid': 'r-1',
    });
    response.socket.setNoDelay(true);
    for (const piece of pieces(bytes.subarray(0, bytes.length - (now.cut ?? 0)), now.size)) {
        response.write(piece);
        await new Promise(setImmediate);
    }
    if (now.reset)
        response.destroy();
    else
        response.end();
});

function ask(frames, size, args, more = {}) {
    now = { frames, size, ...more };
    return bedrock(['converse', '--stream', '-m', MODEL, '--endpoint-url', server.url, ...args, 'Hello']);
}

/* ---- Answers ---- */

const delta = (contentBlockIndex, d) => ['contentBlockDelta', { contentBlockIndex, delta: d }];
const PADDING = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/* Every kind of event that ConverseStream knows, and some that it may learn. */
const everything = [
    ['messageStart', { role: 'assistant' }],
    delta(0, { reasoningContent: { text: 'Let me ' } }),
    delta(0, { reasoningContent: { text: 'think: 🧠' } }),
    delta(0, { reasoningContent: { signature: 'c2lnbmF0dXJl' } }),
    delta(0, { reasoningContent: { redactedContent: 'cmVkYWN0ZWQ=' } }),
    ['contentBlockStop', { contentBlockIndex: 0 }],
    delta(1, { text: 'Grüße aus ' }),
    delta(1, { text: '日本' }),
    delta(1, { text: '' }),
    delta(1, { text: ' 😀"\\/\b\f\n\r\t\u0001\u007f\u2028' }),
    delta(1, { citation: { title: 'Ä', location: { web: { url: 'https://a.example/' } } } }),
    ['contentBlockStop', { contentBlockIndex: 1 }],
    ['contentBlockStart', {
        contentBlockIndex: 2,
        start: { toolUse: { toolUseId: 'tooluse_1', name: 'weather' } },
    }],
    delta(2, { toolUse: { input: '' } }),
    delta(2, { toolUse: { input: '{"place": "Zü' } }),
    delta(2, { toolUse: { input: 'rich", "n": [1, 2.50]}' } }),
    ['contentBlockStop', { contentBlockIndex: 2 }],
    ['contentBlockStart', { contentBlockIndex: 3, start: { image: { format: 'png' } } }],
    delta(3, { image: { source: { bytes: 'iVBORw0KGgo=' } } }),
    ['contentBlockStop', { contentBlockIndex: 3 }],
    ['somethingNew', { of: ['tomorrow', { p: 'this p is no padding' }] }],
    ['messageStop', { stopReason: 'tool_use', additionalModelResponseFields: { a: 1.5 } }],
    ['metadata', {
        usage: { inputTokens: 11, outputTokens: 7, totalTokens: 18, cacheReadInputTokens: 0 },
        metrics: { latencyMs: 2280 },
        trace: { promptRouter: { invokedModelId: 'x' } },
    }],
];
const reasoning = 'Let me think: 🧠';
const text = 'Grüße aus 日本 😀"\\/\b\f\n\r\t\u0001\u007f\u2028';
const toolUse = {
    toolUse: { toolUseId: 'tooluse_1', name: 'weather', input: { place: 'Zürich', n: [1, 2.5] } },
};

/* As the service pads: a member p of any length, anywhere. */
function padded(payload, i) {
    const p = PADDING.slice(0, (i * 7) % PADDING.length);

    return i % 2 ? { ...payload, p } : { p, ...payload };
}

const escapeAll = (payload) => JSON.stringify(payload)
    .replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/* Headers of every type, which we have no use for. */
const strangers = {
    'x-true': { type: 'boolean', value: true },
    'x-false': { type: 'boolean', value: false },
    'x-byte': { type: 'byte', value: -7 },
    'x-short': { type: 'short', value: 12345 },
    'x-int': { type: 'integer', value: -123456789 },
    'x-binary': { type: 'binary', value: Uint8Array.from([0, 13, 10, 255]) },
    'x-time': { type: 'timestamp', value: new Date(1767323045678) },
    'x-uuid': { type: 'uuid', value: '01234567-89ab-cdef-0123-456789abcdef' },
    'x-string': { type: 'string', value: '日本' },
};

const plain = everything.map(([type, payload]) => eventFrame(type, payload));
const spellings = [
    ['as it is', plain],
    ['padded', everything.map(([type, payload], i) => eventFrame(type, padded(payload, i)))],
    ['all escaped', everything.map(([type, payload]) => eventFrame(type, escapeAll(payload)))],
    ['with other headers', everything.map(([type, payload]) => eventFrame(type, payload, strangers))],
    ['with an initial response', [eventFrame('initial-response', {}), ...plain]],
];

for (const [spelling, frames] of spellings) {
    for (const size of [1, 7, 0, 160, 1 << 20]) {
        const cut = size === 0 ? 'any size' : size > 100000 ? 'one piece' : `pieces of ${size}`;

        await check(`events ${spelling}, ${cut}`, async () => {
            const got = await ask(frames, size, ['--json']);

            assertDone(got);
            assert.deepEqual(jsonLines(got.stdout),
                everything.map(([type, payload]) => ({ [type]: payload })));
        });
        await check(`text ${spelling}, ${cut}`, async () => {
            const got = await ask(frames, size, ['-q', '--no-reasoning']);
            const json = got.stdout.split('\n').find((line) => line.startsWith('{"toolUse"'));

            assertDone(got);
            assert.equal(got.stdout, `${text}\n${json}\n\n[1] Ä, https://a.example/\n`);
            assert.deepEqual(JSON.parse(json), toolUse);
        });
    }
}

await check('reasoning comes before the text', async () => {
    const got = await ask(spellings[0][1], 0, ['-q']);

    assertDone(got);
    assert.ok(got.stdout.startsWith(reasoning), got.stdout);
    assert.ok(got.stdout.slice(reasoning.length).trimStart().startsWith(text), got.stdout);
});

await check('many small deltas and a large one', async () => {
    const many = Array.from({ length: 2000 }, (_, i) => `${i} `);
    const large = 'ä€😀'.repeat(100000);
    const got = await ask(answerFrames(...many, large), 1 << 16, []);

    assertDone(got);
    assert.equal(got.stdout, `${many.join('')}${large}\n`);
});

/* ---- Streams that end otherwise ---- */

const begin = answerFrames('Half an ', 'answer').slice(0, 3);
const exceptions = [
    ['internalServerException', { message: 'Something broke' }],
    ['modelStreamErrorException', { message: 'It stopped', originalStatusCode: 500, originalMessage: 'x' }],
    ['validationException', { message: 'The input is too long: ü' }],
    ['throttlingException', { message: 'Too many tokens, please wait' }],
    ['serviceUnavailableException', { message: 'Come back later' }],
    ['somethingNewException', { message: 'Unheard of' }],
];
const shape = (type) => type[0].toUpperCase() + type.slice(1);

for (const [type, payload] of exceptions) {
    for (const [where, frames] of [['inside the stream', begin], ['as the first frame', []]]) {
        const printed = frames.length ? 'Half an answer' : '';
        const exception = [...frames, exceptionFrame(type, payload), ...begin]; /* nothing counts behind it */

        await check(`${type} ${where}`, async () => {
            const got = await ask(exception, 13, []);

            assert.equal(got.status, 254);
            assert.equal(got.stdout.trimEnd(), printed);
            assert.ok(got.stderr.startsWith(`bedrock: ${shape(type)}: ${payload.message} (`), got.stderr);
        });
        await check(`${type} ${where}, as JSON`, async () => {
            const got = await ask(exception, 0, ['--json']);
            const error = errorOf(got, 254);

            assert.equal(jsonLines(got.stdout).length, frames.length);
            assert.equal(error.code, shape(type));
            assert.equal(error.message, payload.message);
            assert.equal(error.requestId, 'r-1');
        });
    }
}

await check('an error frame', async () => {
    const got = await ask([...begin, errorFrame('InternalFailure', 'It went wrong: ü')], 5, []);

    assert.equal(got.status, 254);
    assert.equal(got.stdout.trimEnd(), 'Half an answer');
    assert.ok(got.stderr.startsWith('bedrock: InternalFailure: It went wrong: ü ('), got.stderr);
});

const whole = answerFrames('Half an ', 'answer');
const flipped = (i, bit) => {
    const bytes = Buffer.concat(whole);

    bytes[i] ^= bit;
    return [bytes];
};
const prelude = whole[0].length + whole[1].length; /* where the third frame begins */

for (const [name, code, frames, more] of [
    ['a bit of a length', 'PROTOCOL', flipped(prelude + 3, 1)],
    ['a bit of the prelude\'s checksum', 'PROTOCOL', flipped(prelude + 9, 128)],
    ['a bit of a header', 'PROTOCOL', flipped(prelude + 20, 4)],
    ['a bit of the payload', 'PROTOCOL', flipped(prelude + whole[2].length - 10, 2)],
    ['a bit of the frame\'s checksum', 'PROTOCOL', flipped(prelude + whole[2].length - 1, 1)],
    ['a payload that is not JSON', 'PROTOCOL', [...begin, eventFrame('contentBlockDelta', '{"delta":')]],
    ['the end inside a frame', 'TRUNCATED', whole, { cut: 3 }],
    ['the end before messageStop', 'TRUNCATED', begin],
    ['a closed connection', 'TRUNCATED', begin, { reset: true }],
    ['nothing at all', 'TRUNCATED', []],
]) {
    await check(`broken: ${name}`, async () => {
        const got = await ask(frames, 0, ['--json'], more);
        const error = errorOf(got, 255);

        assert.equal(error.code, code, error.message);
    });
}

/* ---- Our frames ---- */

const ours = [
    ...everything.map(([type, payload]) => ['event', type, JSON.stringify(payload)]),
    ...exceptions.map(([type, payload]) => ['exception', type, JSON.stringify(payload)]),
    ['event', 'chunk', ''],
    ['event', 'ünï'.repeat(40), '日本 😀'],
    ['event', 'contentBlockDelta', JSON.stringify({ delta: { text: 'x'.repeat(100000) } })],
];

await check('their decoder reads our frames', async () => {
    const got = await run(process.argv[2], ['frames', ...ours.flat()]);
    let rest = got.bytes;

    assertDone(got);
    for (const [kind, type, payload] of ours) {
        const bytes = rest.subarray(0, rest.readUInt32BE(0));
        const { headers, body } = codec.decode(bytes);

        rest = rest.subarray(bytes.length);
        assert.deepEqual({ ...headers }, {
            [`:${kind}-type`]: { type: 'string', value: type },
            ':content-type': { type: 'string', value: 'application/json' },
            ':message-type': { type: 'string', value: kind },
        });
        assert.equal(Buffer.from(body).toString(), payload);
        assert.deepEqual(bytes, Buffer.from(codec.encode({ headers, body })));
    }
    assert.equal(rest.length, 0);
});

server.close();
end();

/* aimock.mjs - ./bedrock against @copilotkit/aimock, a server that nobody here wrote: Converse and
 * ConverseStream over plain HTTP on loopback. Leaves out: what aimock has not, each with a SKIP line. */
import assert from 'node:assert/strict';
import { assertDone, bedrock, check, end, errorOf, jsonLines, skip } from './peer.mjs';

const MODEL =
    'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0';
const TEXT = 'Rome, "the eternal city":\n\tGrüße, 日本.';
const REASONING = 'Italy has one capital.';
const TOOL_INPUT = { place: 'Zürich', days: [1, 2] };

const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 15)) {
    skip('aimock', `it needs node 20.15, and this is ${process.version}`);
    end();
}

const { LLMock } = await import('@copilotkit/aimock');
const mock = await LLMock.create({ port: 0, host: '127.0.0.1', logLevel: 'silent' });
const usage = { input_tokens: 14, output_tokens: 65 };

mock.onMessage('plain', { content: TEXT, usage });
mock.onMessage('reasoned', { content: TEXT, reasoning: REASONING, usage });
mock.onMessage('by threes', { content: TEXT, reasoning: REASONING, usage }, { chunkSize: 3 });
mock.onMessage('by ones', { content: TEXT, usage }, { chunkSize: 1 });
mock.onMessage('slowly', { content: TEXT, usage }, { chunkSize: 8, latency: 20 });
mock.onMessage('emoji', { content: '🧠😀🦉', usage }, { chunkSize: 2 });
mock.onMessage('halves', { content: 'a🧠😀🦉', usage }, { chunkSize: 1 }); /* it cuts surrogate pairs */
mock.onMessage('tool', {
    content: 'Let me look.',
    toolCalls: [{ id: 'tooluse_1', name: 'weather', arguments: JSON.stringify(TOOL_INPUT) }],
}, { chunkSize: 4 });
mock.onMessage('too much', { content: TEXT, finishReason: 'length', usage });
mock.onMessage('busy', { error: { message: 'Too many tokens', type: 'rate_limit_error' }, status: 429 });
mock.onMessage('broken', { error: { message: 'It broke', type: 'api_error' }, status: 500 });
mock.onMessage('cut', { content: TEXT }, { chunkSize: 5, truncateAfterChunks: 4 });

function ask(prompt, args) {
    return bedrock(['converse', '-m', MODEL, '--endpoint-url', mock.url, ...args, prompt]);
}

/* ---- What aimock understood ---- */

for (const [mode, path] of [['--no-stream', 'converse'], ['--stream', 'converse-stream']]) {
    await check(`aimock reads our ${path}`, async () => {
        assertDone(await ask('plain: é😀"\\',
            [mode, '-s', 'Be brief.', '--max-tokens=99', '--temperature=0.25']));
        const { method, path: target, headers, body } = mock.getLastRequest();

        assert.equal(method, 'POST');
        assert.equal(target, `/model/${encodeURIComponent(MODEL)}/${path}`);
        assert.equal(headers['content-type'], 'application/json');
        assert.equal(decodeURIComponent(body.model), MODEL);
        assert.deepEqual(body.messages, [
            { role: 'system', content: 'Be brief.' },
            { role: 'user', content: 'plain: é😀"\\' },
        ]);
        assert.equal(body.max_tokens, 99);
        assert.equal(body.temperature, 0.25);
    });
}

/* ---- What we understood ---- */

for (const [prompt, text] of [
    ['plain', TEXT], ['by ones', TEXT], ['slowly', TEXT], ['emoji', '🧠😀🦉'],
    ['halves', 'a🧠😀🦉'], ['too much', TEXT],
]) {
    for (const mode of ['--no-stream', '--stream']) {
        await check(`aimock ${mode}, ${prompt}`, async () => {
            const got = await ask(prompt, [mode, '-q']);

            assertDone(got);
            assert.equal(got.stdout, `${text}\n`);
        });
    }
}

for (const mode of ['--no-stream', '--stream']) {
    await check(`aimock ${mode}, reasoning left out`, async () => {
        const got = await ask('by threes', [mode, '-q', '--no-reasoning']);

        assertDone(got);
        assert.equal(got.stdout, `${TEXT}\n`);
    });
    await check(`aimock ${mode}, reasoning`, async () => {
        const got = await ask('reasoned', [mode, '-q']);

        assertDone(got);
        assert.ok(got.stdout.startsWith(REASONING), got.stdout);
        assert.ok(got.stdout.endsWith(`${TEXT}\n`), got.stdout);
    });
    await check(`aimock ${mode}, usage`, async () => {
        const got = await ask('plain', [mode, '--usage']);

        assert.equal(got.status, 0);
        assert.match(got.stderr, /^--- Latency: 0ms - Input tokens: ?14 - Output tokens: ?65 ---\n$/);
    });
    await check(`aimock ${mode}, a tool`, async () => {
        const got = await ask('tool', [mode, '--json']);
        const lines = jsonLines(got.stdout);

        assertDone(got);
        if (mode === '--no-stream') {
            assert.deepEqual(lines[0].output.message.content, [
                { text: 'Let me look.' },
                { toolUse: { toolUseId: 'tooluse_1', name: 'weather', input: TOOL_INPUT } },
            ]);
            assert.equal(lines[0].stopReason, 'tool_use');
        } else {
            const input = lines.map((l) => l.contentBlockDelta?.delta.toolUse?.input ?? '').join('');

            assert.deepEqual(JSON.parse(input), TOOL_INPUT);
            assert.equal(lines.find((l) => l.messageStop).messageStop.stopReason, 'tool_use');
        }
    });
    for (const [prompt, status] of [['busy', 429], ['broken', 500], ['no fixture at all', 404]]) {
        await check(`aimock ${mode}, HTTP ${status}`, async () => {
            const got = await ask(prompt, [mode, '--json']);
            const error = errorOf(got, 254);

            assert.equal(got.stdout, '');
            assert.equal(error.httpStatus, status);
            assert.equal(error.retryable, status !== 404);
        });
    }
}

await check('aimock --stream, halves put together', async () => {
    const got = await ask('halves', ['--stream', '--json', '--json-message', '-q']);
    const lines = jsonLines(got.stdout);

    assertDone(got);
    assert.ok(lines.some((l) => l.contentBlockDelta?.delta.text === '\ud83e'), 'nothing was cut');
    assert.deepEqual(lines.at(-1).output.message.content, [{ text: 'a🧠😀🦉' }]);
});

await check('aimock --stream, cut off', async () => {
    const got = await ask('cut', ['--stream', '--json']);
    const error = errorOf(got, 255);

    assert.ok(['TRUNCATED', 'IO'].includes(error.code), error.code);
    assert.ok(jsonLines(got.stdout).length <= 4);
});

/* ---- Where aimock is not like the service ---- */

skip('aimock, the names of errors', 'it tells them as {"type":"error","error":{...}} without ' +
    'x-amzn-ErrorType, which Bedrock does not; only the HTTP status was compared');
skip('aimock, list-foundation-models', 'it has no control plane');

await mock.stop();
end();

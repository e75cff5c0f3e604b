/* requests.mjs OURS - the same call through ./bedrock and through AWS's SDK gives the same request, and AWS's
 * signer comes to the signature that we sent. Smithy restJson1 and SigV4. Leaves out: answers. */
import assert from 'node:assert/strict';
import { ListFoundationModelsCommand } from '@aws-sdk/client-bedrock';
import { ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { assertDone, check, end, keys, ourEnv, run } from './peer.mjs';
import { assertSame, assertSigned, clients, theirAuthorization } from './same.mjs';

const ARN = 'arn:aws:bedrock:us-east-1:123456789012';

const models = [
    ['a model id', 'amazon.nova-lite-v1:0'],
    ['an inference profile', 'eu.anthropic.claude-sonnet-4-20250514-v1:0'],
    ['an inference profile ARN', `${ARN}:inference-profile/us.amazon.nova-pro-v1:0`],
    ['an application profile ARN', `${ARN}:application-inference-profile/a1b2c3d4e5f6`],
    ['a custom model ARN', `${ARN}:custom-model/amazon.titan-text-express-v1:0:8k/abcdefghij12`],
    ['every mark there is', "a b!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~z"],
    ['percent signs and dots', '%2F..%2e/../x/./%'],
    ['other alphabets', 'modèle-日本-😀'],
];

const UTF8 = 'Größe: “5″ × 3”, 日本語, Ω≈ç, 😀, e\u0301, \u200d\u2028\ufeff|';
const ESCAPES = 'quote " backslash \\ slash / \b\f\r\t, a line\nand another, \u0001\u001f\u007f\u0085, </a>';
const FIELDS = {
    top_k: 200,
    thinking: { type: 'enabled', budget_tokens: 1024 },
    numbers: [0, -1, 2.5, -3e-7, 1e21, 12345678901234, 0.1],
    others: [true, false, null, {}, [], ''],
    'näme "quoted"': 'wért \\ 😀',
};
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff, 0x00, 0xfe]);
const IMAGE = { image: { format: 'png', source: { bytes: PNG } } };
const REASONING = { reasoningContent: { reasoningText: { text: 'hm', signature: 'c2ln' } } };
const SCHEMA = { type: 'object', properties: { at: { type: 'string', maxLength: 9 } }, required: ['at'] };

const user = (text) => ({ messages: [{ role: 'user', content: [{ text }] }] });

/* What our options say and what the SDK is given for it. */
const byOptions = [
    ['a plain prompt', ['What is the capital of Italy?'], user('What is the capital of Italy?')],
    ['words', ['What', 'is', 'it?'], user('What is it?')],
    ['UTF-8', [UTF8], user(UTF8)],
    ['escapes', [ESCAPES], user(ESCAPES)],
    ['a long prompt', ['0123456789abcdé'.repeat(5000)], user('0123456789abcdé'.repeat(5000))],
    ['a system prompt', ['-s', `Be brief. ${UTF8}`, 'Hello'],
        { ...user('Hello'), system: [{ text: `Be brief. ${UTF8}` }] }],
    ['inference settings',
        ['--max-tokens', '512', '--temperature=0.7', '--top-p=.9', '--stop', 'END', '--stop=\n\n"', 'Hello'],
        {
            ...user('Hello'),
            inferenceConfig: { maxTokens: 512, temperature: 0.7, topP: 0.9, stopSequences: ['END', '\n\n"'] },
        }],
    ['settings at their ends', ['--max-tokens=1', '--temperature=0', '--top-p=1', 'Hello'],
        { ...user('Hello'), inferenceConfig: { maxTokens: 1, temperature: 0, topP: 1 } }],
    ['additional fields', ['--fields', JSON.stringify(FIELDS), 'Hello'],
        { ...user('Hello'), additionalModelRequestFields: FIELDS }],
    ['additional fields that are no object', ['--fields', '[1, "zwei", 3.0]', 'Hello'],
        { ...user('Hello'), additionalModelRequestFields: [1, 'zwei', 3] }],
];

/* Whole requests, by --input and as the SDK's input. */
const byInput = [
    ['no messages', { promptVariables: { name: { text: 'wert' } } }],
    ['a conversation', {
        messages: [
            { role: 'user', content: [{ text: UTF8 }, { text: ESCAPES }, { text: 'a zero: \0' }] },
            { role: 'assistant', content: [REASONING, { text: 'x' }] },
            { role: 'user', content: [IMAGE, { text: 'And this?' }] },
        ],
    }],
    ['tools', {
        ...user('What is the weather in Zürich?'),
        toolConfig: {
            tools: [{ toolSpec: { name: 'weather', description: 'Now', inputSchema: { json: SCHEMA } } }],
            toolChoice: { auto: {} },
        },
    }],
    ['a tool\'s result', {
        messages: [
            {
                role: 'assistant',
                content: [{ toolUse: { toolUseId: 'id_1', name: 'weather', input: { at: 'Zürich' } } }],
            },
            {
                role: 'user',
                content: [{
                    toolResult: {
                        toolUseId: 'id_1',
                        content: [{ json: { celsius: -3.5 } }, { text: '☃' }],
                        status: 'success',
                    },
                }],
            },
        ],
    }],
    ['everything else', {
        ...user('Hello'),
        system: [{ text: 'One.' }, { cachePoint: { type: 'default' } }],
        additionalModelResponseFieldPaths: ['/stop_sequence', '/a~1b'],
        guardrailConfig: { guardrailIdentifier: 'gr-1', guardrailVersion: 'DRAFT', trace: 'enabled' },
        performanceConfig: { latency: 'optimized' },
        requestMetadata: { team: 'a b/c=d' },
    }],
];

const { server, ourRequest, theirRequest } = await clients();

/* ---- Cases ---- */

async function checkCall(name, args, command, options, settings) {
    await check(`request of ${name}`, async () => {
        const ours = await ourRequest(args, options);

        assertSame(ours, await theirRequest(command, settings, options?.url));
        await assertSigned(ours);
    });
}

const modes = [
    ['converse', ConverseCommand, '--no-stream'],
    ['converse-stream', ConverseStreamCommand, '--stream'],
];

for (const [mode, Command, flag] of modes) {
    for (const [name, modelId] of models)
        await checkCall(`${mode}, ${name}`, ['converse', flag, '-m', modelId, 'Hello'],
            new Command({ modelId, ...user('Hello') }));
    for (const [name, args, input] of byOptions)
        await checkCall(`${mode}, ${name}`, ['converse', flag, '-m', 'm', ...args],
            new Command({ modelId: 'm', ...input }));
    for (const [name, input] of byInput) {
        const text = JSON.stringify({ modelId: models[2][1], ...input },
            (_, v) => (v?.type === 'Buffer' ? Buffer.from(v.data).toString('base64') : v), 1);

        await checkCall(`${mode}, ${name}`, ['converse', flag, '--input', '-'],
            new Command({ modelId: models[2][1], ...input }), { input: text });
    }
    await checkCall(`${mode}, an endpoint with a path`, ['converse', flag, '-m', 'a:b', 'Hello'],
        new Command({ modelId: 'a:b', ...user('Hello') }), { url: `${server.url}/proxy/v1` });
}

await checkCall('list-foundation-models', ['models'], new ListFoundationModelsCommand({}));

/* The query is the caller's, percent-encoded; the command filters by itself and sends none. */
for (const [name, query, input] of [
    ['a query', 'byProvider=Amazon', { byProvider: 'Amazon' }],
    ['a query of several', 'byInferenceType=ON_DEMAND&byOutputModality=TEXT&byProvider=Meta',
        { byInferenceType: 'ON_DEMAND', byOutputModality: 'TEXT', byProvider: 'Meta' }],
    ['a query with marks', 'byProvider=A%26B%3D%2F%2B%3F%20%25%C3%A9~%27%28%29%2A%21',
        { byProvider: 'A&B=/+? %é~\'()*!' }],
    ['a query in another order', 'byProvider=b&byOutputModality=TEXT', null],
]) {
    await check(`request of list-foundation-models, ${name}`, async () => {
        server.seen.length = 0;
        assertDone(await run(process.argv[2], ['list', query], {
            env: { ...ourEnv, AWS_ENDPOINT_URL: server.url },
        }));

        const [ours] = server.seen;

        assert.equal(ours.target, `/foundation-models?${query}`);
        if (input)
            assertSame(ours, await theirRequest(new ListFoundationModelsCommand(input)));
        await assertSigned(ours);
    });
}

/* ---- Who is asking ---- */

for (const [name, args] of [
    ['converse', ['converse', '--no-stream', '-m', models[2][1], UTF8]],
    ['converse-stream', ['converse', '--stream', '-m', models[0][1], ESCAPES]],
    ['list-foundation-models', ['models']],
]) {
    await check(`signature of ${name} with a session token`, async () => {
        const sessionToken = 'IQoJb3JpZ2luX2VjE+/=='.repeat(20);

        await assertSigned(await ourRequest(args, { env: { ...ourEnv, AWS_SESSION_TOKEN: sessionToken } }),
            { ...keys, sessionToken });
    });
    await check(`${name} with a bearer token`, async () => {
        const token = 'bedrock-api-key-YmVhcmVy+/==';
        const ours = await ourRequest(args, { env: { ...ourEnv, AWS_BEARER_TOKEN_BEDROCK: token } });
        const Command = { 'converse': ConverseCommand, 'converse-stream': ConverseStreamCommand }[name];
        const theirs = await theirRequest(
            Command ? new Command({ modelId: 'm', ...user('x') }) : new ListFoundationModelsCommand({}),
            { credentials: undefined, token: { token }, authSchemePreference: ['httpBearerAuth'] });

        assert.equal(ours.headers.authorization, theirs.headers.authorization);
        assert.equal(ours.headers.authorization, `Bearer ${token}`);
        assert.deepEqual(ours.names.filter((n) => /^x-amz-/i.test(n)), []);
    });
}

await check('the verifier sees a changed byte', async () => {
    const ours = await ourRequest(['converse', '--no-stream', '-m', 'a:b', 'Hello']);
    const verdict = async (change) => {
        const changed = { ...ours, headers: { ...ours.headers }, body: Buffer.from(ours.body) };

        change(changed);
        return await theirAuthorization(changed, keys) === ours.headers.authorization;
    };

    assert.equal(await verdict(() => {}), true);
    assert.equal(await verdict((r) => { r.body[r.body.length - 1] ^= 1; }), false);
    assert.equal(await verdict((r) => { r.target = r.target.replace('%3A', ':'); }), false);
    assert.equal(await verdict((r) => { r.headers.host = 'localhost'; }), false);
    assert.equal(await verdict((r) => { r.headers['content-type'] = 'text/plain'; }), false);
});

server.close();
end();

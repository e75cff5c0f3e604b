/* emulator.mjs - AWS's SDK and ./bedrock as clients of one ./bedrock-emulator: both get the same answers,
 * streams and errors. Started by the emulator, which says in the environment where it is, and node must
 * trust its CA (NODE_EXTRA_CA_CERTS). Leaves out: faults of the network. */
import assert from 'node:assert/strict';
import { ListFoundationModelsCommand } from '@aws-sdk/client-bedrock';
import { ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { assertDone, bedrock, check, end, errorOf, jsonLines, sdkClients } from './peer.mjs';

const env = process.env;
const endpoint = env.AWS_ENDPOINT_URL;
const scheme = new URL(endpoint).protocol.slice(0, -1);
const keys = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
const settings = { region: env.AWS_REGION, credentials: keys };
const { control, runtime } = sdkClients(endpoint, settings);

const ours = (args, options = {}) => bedrock(args, { env, ...options });
const ARN = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile';
const user = (text) => ({ messages: [{ role: 'user', content: [{ text }] }] });

/* What differs from call to call: the time taken, and the ids of tool uses. */
function timeless(answer) {
    return JSON.parse(JSON.stringify(answer, (name, value) =>
        (name === '$metadata' ? undefined : name === 'latencyMs' ? 0 : name === 'toolUseId' ? 'id' : value)));
}

async function theirError(call) {
    try {
        const answer = await call();

        for await (const event of answer.stream ?? [])
            assert.ok(event);
    } catch (e) {
        return e;
    }
    return assert.fail('the SDK got an answer');
}

/* ---- Models ---- */

for (const [name, args, input] of [
    ['all', [], {}],
    ['of a provider', ['--provider', 'Anthropic'], { byProvider: 'Anthropic' }],
    ['of a provider with a blank', ['--provider', 'AI21 Labs'], { byProvider: 'AI21 Labs' }],
    ['that write text on demand', ['--output', 'TEXT', '--inference', 'ON_DEMAND'],
        { byOutputModality: 'TEXT', byInferenceType: 'ON_DEMAND' }],
    ['of nobody', ['--provider', 'Nobody'], { byProvider: 'Nobody' }],
]) {
    await check(`${scheme}: models ${name}`, async () => {
        const got = await ours(['models', '--json', ...args]);
        const theirs = timeless(await control.send(new ListFoundationModelsCommand(input)));

        assertDone(got);
        assert.equal(theirs.modelSummaries.length > 0, name !== 'of nobody');
        assert.deepEqual(jsonLines(got.stdout), [theirs]);
    });
}

/* ---- Answers ---- */

const tools = {
    tools: [{
        toolSpec: {
            name: 'weather',
            inputSchema: { json: { type: 'object', properties: { place: { type: 'string' } } } },
        },
    }],
};

for (const [name, request] of [
    ['a plain answer', { modelId: 'amazon.nova-lite-v1:0', ...user('What is the capital of Italy?') }],
    ['UTF-8', { modelId: 'amazon.nova-pro-v1:0', ...user('Grüße, 日本, "😀"\\\n\t') }],
    ['reasoning', { modelId: 'us.deepseek.r1-v1:0', ...user('What is the capital of Italy?') }],
    ['an ARN', {
        modelId: `${ARN}/us.anthropic.claude-3-7-sonnet-20250219-v1:0`,
        ...user('What is the capital of Italy?'),
    }],
    ['a short answer', {
        modelId: 'mistral.mistral-large-2402-v1:0', ...user('What is the capital of Italy?'),
        system: [{ text: 'Be brief.' }], inferenceConfig: { maxTokens: 2, temperature: 0.5, topP: 0.9 },
    }],
    ['a stop sequence', {
        modelId: 'amazon.nova-lite-v1:0', ...user('one two three'),
        inferenceConfig: { stopSequences: ['three'] },
    }],
    ['a tool', { modelId: 'cohere.command-r-plus-v1:0', ...user('Weather in Zürich?'), toolConfig: tools }],
    ['a long answer', { modelId: 'amazon.nova-lite-v1:0', ...user('words '.repeat(3000)) }],
    ['an event that nobody knows', { modelId: 'fault.unknown-event', ...user('Hello') }, 'stream'],
    ['a stream byte by byte', { modelId: 'fault.pieces', ...user('Hello') }, 'stream'],
]) {
    const input = JSON.stringify(request);

    if (name !== 'an event that nobody knows' && name !== 'a stream byte by byte') {
        await check(`${scheme}: converse, ${name}`, async () => {
            const got = await ours(['converse', '--no-stream', '--json', '--input', '-'], { input });
            const theirs = await runtime.send(new ConverseCommand(request));

            assertDone(got);
            assert.deepEqual(jsonLines(got.stdout).map(timeless), [timeless(theirs)]);
        });
    }
    await check(`${scheme}: converse-stream, ${name}`, async () => {
        const got = await ours(['converse', '--stream', '--json', '--input', '-'], { input });
        const { stream } = await runtime.send(new ConverseStreamCommand(request));
        const theirs = [];

        for await (const event of stream)
            theirs.push(timeless(event));
        assertDone(got);
        /* the SDK leaves out an event that it does not know; we pass it on */
        assert.deepEqual(jsonLines(got.stdout).map(timeless).filter((e) => !e.somethingNew), theirs);
        assert.ok(theirs.length > 4);
    });
}

await check(`${scheme}: converse-stream as text`, async () => {
    const modelId = 'us.deepseek.r1-v1:0', prompt = 'Say Grüße 😀';
    const got = await ours(['converse', '--stream', '-m', modelId, '--no-reasoning', prompt]);
    const { stream } = await runtime.send(new ConverseStreamCommand({ modelId, ...user(prompt) }));
    let theirs = '';

    for await (const event of stream)
        theirs += event.contentBlockDelta?.delta.text ?? '';
    assertDone(got);
    assert.equal(got.stdout, `${theirs}\n`);
});

/* ---- Errors ---- */

for (const [name, modelId, status] of [
    ['AccessDeniedException', 'meta.llama3-70b-instruct-v1:0', 403],
    ['ValidationException', 'deepseek.r1-v1:0', 400],
    ['ValidationException', 'no.such-model-v1:0', 400],
    ['ThrottlingException', 'fault.status-429-ThrottlingException', 429],
    ['ResourceNotFoundException', 'fault.status-404-ResourceNotFoundException', 404],
    ['ModelTimeoutException', 'fault.status-408-ModelTimeoutException', 408],
    ['ModelErrorException', 'fault.status-424-ModelErrorException', 424],
    ['ModelNotReadyException', 'fault.status-429-ModelNotReadyException', 429],
    ['InternalServerException', 'fault.status-500-InternalServerException', 500],
    ['ServiceUnavailableException', 'fault.status-503-ServiceUnavailableException', 503],
    ['SomethingNewException', 'fault.status-418-SomethingNewException', 418],
]) {
    for (const [flag, Command] of [['--no-stream', ConverseCommand], ['--stream', ConverseStreamCommand]]) {
        await check(`${scheme}: ${name} by ${modelId}, ${flag}`, async () => {
            const got = await ours(['converse', flag, '--json', '-m', modelId, 'Hello']);
            const error = errorOf(got, 254);
            const theirs = await theirError(() => runtime.send(new Command({ modelId, ...user('Hello') })));

            assert.equal(got.stdout, '');
            assert.equal(theirs.name, name);
            assert.equal(theirs.$metadata.httpStatusCode, status);
            assert.deepEqual([error.code, error.message, error.httpStatus], [name, theirs.message, status]);
            assert.match(error.requestId, /^[0-9a-f-]{36}$/);
        });
    }
}

for (const [name, modelId] of [
    ['InternalServerException', 'fault.exception-internalServerException'],
    ['ModelStreamErrorException', 'fault.exception-modelStreamErrorException'],
    ['ValidationException', 'fault.exception-validationException'],
    ['ThrottlingException', 'fault.exception-throttlingException'],
    ['ServiceUnavailableException', 'fault.exception-serviceUnavailableException'],
    ['InternalError', 'fault.error-frame'],
]) {
    await check(`${scheme}: ${modelId} inside a stream`, async () => {
        const got = await ours(['converse', '--stream', '--json', '-m', modelId, 'Hello']);
        const error = errorOf(got, 254);
        const theirs = await theirError(
            () => runtime.send(new ConverseStreamCommand({ modelId, ...user('Hello') })));

        assert.equal(jsonLines(got.stdout).length, 3);
        assert.equal(theirs.name, name);
        assert.deepEqual([error.code, error.message], [name, theirs.message]);
    });
}

/* ---- Signatures that the emulator must refuse from both ---- */

for (const [name, change] of [
    ['another secret', { secretAccessKey: 'not/the+one' }],
    ['a key that it does not know', { accessKeyId: 'AKIDSOMEBODYELSE' }],
]) {
    await check(`${scheme}: ${name}`, async () => {
        const wrong = { ...keys, ...change };
        const got = await ours(['models', '--json'], {
            env: {
                ...env,
                AWS_ACCESS_KEY_ID: wrong.accessKeyId,
                AWS_SECRET_ACCESS_KEY: wrong.secretAccessKey,
            },
        });
        const error = errorOf(got, 254);
        const theirs = await theirError(() => sdkClients(endpoint, { ...settings, credentials: wrong })
            .control.send(new ListFoundationModelsCommand({})));

        assert.equal(theirs.$metadata.httpStatusCode, 403);
        assert.deepEqual([error.code, error.httpStatus], [theirs.name, 403]);
    });
}

end();

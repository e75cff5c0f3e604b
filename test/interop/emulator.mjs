/* emulator.mjs - AWS's SDK and ./bedrock as clients of one ./bedrock-emulator: both get the same answers,
 * streams and errors. Started by the emulator, which says in the environment where it is, and node must
 * trust its CA (NODE_EXTRA_CA_CERTS). Leaves out: faults of the network. */
import assert from 'node:assert/strict';
import {
    CreateFoundationModelAgreementCommand, GetFoundationModelAvailabilityCommand,
    GetUseCaseForModelAccessCommand, ListFoundationModelAgreementOffersCommand, ListFoundationModelsCommand,
    ListInferenceProfilesCommand, paginateListInferenceProfiles,
} from '@aws-sdk/client-bedrock';
import { ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { assertDone, bedrock, check, end, errorOf, jsonLines, sdkClients } from './peer.mjs';

const env = process.env;
// node asks the system's resolver for localhost, which a bare machine may not know
const endpoint = env.AWS_ENDPOINT_URL.replace('//localhost:', '//127.0.0.1:');
const scheme = new URL(endpoint).protocol.slice(0, -1);
const keys = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
const settings = { region: env.AWS_REGION, credentials: keys };
const { control, runtime } = sdkClients(endpoint, settings);

const ours = (args, options = {}) => bedrock(args, { env, ...options });
const ARN = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile';
const OWN_ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile';
const user = (text) => ({ messages: [{ role: 'user', content: [{ text }] }] });

/* What differs from call to call: the time taken, and the ids of tool uses. */
function timeless(answer) {
    return JSON.parse(JSON.stringify(answer, (name, value) =>
        (name === '$metadata' ? undefined : name === 'latencyMs' ? 0 : name === 'toolUseId' ? 'id' : value)));
}

/* This SDK does not know the dates in a model's lifecycle, which came in 2026. */
function undated(answer) {
    return JSON.parse(JSON.stringify(answer, (name, value) =>
        (/^(startOfLife|endOfLife|legacy)Time$/.test(name) ? undefined : value)));
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
        assert.deepEqual(jsonLines(got.stdout).map(undated), [theirs]);
    });
}

/* ---- Inference profiles ---- */

for (const [type, expected] of [
    ['SYSTEM_DEFINED', ['us.amazon.nova-lite-v1:0', 'global.amazon.nova-pro-v1:0', 'us.deepseek.r1-v1:0']],
    ['APPLICATION', ['a1b2c3d4e5f6', 'f6e5d4c3b2a1']],
]) {
    await check(`${scheme}: profiles of type ${type}, two a page`, async () => {
        const pages = [], filter = { typeEquals: type };
        const whole = await control.send(new ListInferenceProfilesCommand(filter));

        for await (const page of paginateListInferenceProfiles({ client: control, pageSize: 2 }, filter))
            pages.push(page.inferenceProfileSummaries);
        assert.equal(whole.nextToken, undefined);
        assert.deepEqual(pages.flat(), whole.inferenceProfileSummaries);
        assert.ok(pages.every((page) => page.length <= 2));
        assert.equal(pages.length, Math.ceil(pages.flat().length / 2));
        for (const id of expected)
            assert.ok(pages.flat().some((profile) => profile.inferenceProfileId === id), id);
        for (const profile of pages.flat()) {
            assert.ok(profile.createdAt instanceof Date && profile.updatedAt instanceof Date);
            assert.equal(profile.inferenceProfileArn,
                `${type === 'APPLICATION' ? OWN_ARN : ARN}/${profile.inferenceProfileId}`);
            assert.deepEqual([profile.type, profile.status], [type, 'ACTIVE']);
            assert.ok(profile.inferenceProfileName && profile.description && profile.models.length > 0);
            for (const { modelArn } of profile.models)
                assert.match(modelArn, /^arn:aws:bedrock:[a-z0-9-]*::foundation-model\/[a-z0-9.:-]+$/);
        }
    });
}

for (const [name, input] of [
    ['a nextToken of somebody else', { nextToken: 'bm90IGEgdG9rZW4=' }],
    ['maxResults 0', { maxResults: 0 }],
    ['a type that nobody knows', { typeEquals: 'OTHER' }],
]) {
    await check(`${scheme}: profiles, ${name}`, async () => {
        const error = await theirError(() => control.send(new ListInferenceProfilesCommand(input)));

        assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['ValidationException', 400]);
    });
}

/* ---- Access ---- */

const availability = async (modelId) =>
    timeless(await control.send(new GetFoundationModelAvailabilityCommand({ modelId })));
const offersOf = (modelId, offerType) =>
    control.send(new ListFoundationModelAgreementOffersCommand({ modelId, offerType }));
const agree = (modelId, offerToken) =>
    control.send(new CreateFoundationModelAgreementCommand({ modelId, offerToken }));

for (const [modelId, change] of [
    ['amazon.nova-lite-v1:0', {}],
    ['meta.llama3-70b-instruct-v1:0', { agreementAvailability: { status: 'NOT_AVAILABLE' } }],
    ['emulator.pending-v1:0', { agreementAvailability: { status: 'PENDING' } }],
    ['emulator.agreement-error-v1:0', {
        agreementAvailability: {
            status: 'ERROR', errorMessage: 'The payment method of the account was declined.',
        },
    }],
    ['emulator.not-authorized-v1:0', { authorizationStatus: 'NOT_AUTHORIZED' }],
    ['emulator.not-entitled-v1:0', { entitlementAvailability: 'NOT_AVAILABLE' }],
    ['emulator.not-in-region-v1:0', { regionAvailability: 'NOT_AVAILABLE' }],
]) {
    await check(`${scheme}: availability of ${modelId}`, async () => {
        const converse = () => runtime.send(new ConverseCommand({ modelId, ...user('Hello') }));

        assert.deepEqual(await availability(modelId), {
            modelId,
            agreementAvailability: { status: 'AVAILABLE' },
            authorizationStatus: 'AUTHORIZED',
            entitlementAvailability: 'AVAILABLE',
            regionAvailability: 'AVAILABLE',
            ...change,
        });
        if (Object.keys(change).length > 0)
            assert.equal((await theirError(converse)).name, 'AccessDeniedException');
        else
            assert.equal((await converse()).stopReason, 'end_turn');
    });
}

for (const [name, status, call] of [
    ['ResourceNotFoundException', 404, () => availability('no.such-model-v1:0')],
    ['ValidationException', 400, () => availability(`${ARN}/us.deepseek.r1-v1:0`)],
    ['ResourceNotFoundException', 404, () => offersOf('no.such-model-v1:0')],
    ['ValidationException', 400, () => offersOf('amazon.nova-lite-v1:0', 'OTHER')],
    ['ValidationException', 400, () => agree('meta.llama3-70b-instruct-v1:0', 'not an offer')],
    ['ResourceNotFoundException', 404, () => agree('no.such-model-v1:0', 'not an offer')],
    ['ResourceNotFoundException', 404, () => control.send(new GetUseCaseForModelAccessCommand({}))],
    ['ResourceNotFoundException', 404, () => runtime.send(new ConverseCommand({
        modelId: 'anthropic.claude-3-5-haiku-20241022-v1:0', ...user('Hello'),
    }))],
    ['ResourceNotFoundException', 404, () => runtime.send(new ConverseCommand({
        modelId: 'emulator.ended-v1:0', ...user('Hello'),
    }))],
]) {
    await check(`${scheme}: access, ${name} of ${call}`, async () => {
        const error = await theirError(call);

        assert.deepEqual([error.name, error.$metadata.httpStatusCode], [name, status]);
    });
}

await check(`${scheme}: an agreement that needs the use case form first`, async () => {
    const modelId = 'anthropic.claude-3-5-haiku-20241022-v1:0';
    const [offer] = (await offersOf(modelId)).offers;
    const error = await theirError(() => agree(modelId, offer.offerToken));

    assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['FTUFormNotFilled', 404]);
    assert.match(error.message, /use case details form/);
});

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
    ['a profile of the account by its id', { modelId: 'a1b2c3d4e5f6', ...user('Hello') }],
    ['a profile of the account by its ARN', {
        modelId: `${OWN_ARN}/f6e5d4c3b2a1`, ...user('Hello'),
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

/* ---- An agreement; from here on the model can be called ---- */

await check(`${scheme}: offers, an agreement, and the model that it opens`, async () => {
    const modelId = 'meta.llama3-70b-instruct-v1:0';
    const { modelId: same, offers } = await offersOf(modelId, 'ALL');
    const [{ offerId, offerToken, termDetails }] = offers;
    const { usageBasedPricingTerm, legalTerm, supportTerm, validityTerm } = termDetails;
    let answer, state;

    assert.equal(same, modelId);
    assert.ok(offerId && offerToken && legalTerm.url && supportTerm.refundPolicyDescription);
    assert.match(validityTerm.agreementDuration, /^P/);
    for (const { dimension, price, description, unit } of usageBasedPricingTerm.rateCard)
        assert.ok(dimension && Number(price) > 0 && description && unit);
    assert.equal((await offersOf(modelId, 'PUBLIC')).offers.length, offers.length - 1);
    assert.deepEqual((await offersOf('amazon.nova-lite-v1:0')).offers, []);

    answer = await agree(modelId, offerToken);
    assert.deepEqual([answer.modelId, answer.$metadata.httpStatusCode], [modelId, 202]);
    assert.equal((await theirError(() => agree(modelId, offerToken))).name, 'ConflictException');
    state = await availability(modelId);
    assert.equal(state.agreementAvailability.status, 'PENDING');
    for (let i = 0; i < 60 && state.agreementAvailability.status === 'PENDING'; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        state = await availability(modelId);
    }
    assert.equal(state.agreementAvailability.status, 'AVAILABLE');
    answer = await runtime.send(new ConverseCommand({ modelId, ...user('Hello') }));
    assert.equal(answer.stopReason, 'end_turn');
});

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

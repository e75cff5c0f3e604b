/* same.mjs - what requests.mjs and calls.mjs share: a call through ./bedrock and one through AWS's SDK, what
 * arrived compared, and AWS's signer as the verifier. Smithy restJson1 and SigV4. Leaves out: every case. */
import assert from 'node:assert/strict';
import * as sdk from '@aws-sdk/client-bedrock';
import { InvokeModelWithResponseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '@aws-crypto/sha256-js';
import {
    answerFrames, assertDone, bedrock, eventFrame, keys, region, sdkClients, serve,
} from './peer.mjs';

const controlCommands = new Set(Object.values(sdk));

/* ---- The two clients ---- */

const list = { modelSummaries: [{ modelId: 'm', modelArn: 'arn' }] };
const response = {
    output: { message: { role: 'assistant', content: [{ text: 'Rome.' }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
    metrics: { latencyMs: 7 },
};

/* Every call's answer, as far as both clients want to read it. */
function answerTo(request) {
    const name = request.target.replace(/[?].*/, '').split('/').at(-1);

    return request.method === 'GET' && name === 'foundation-models' ? list
        : name === 'converse' ? response
        : name === 'count-tokens' ? { inputTokens: 3 }
        : name === 'apply' ? { action: 'NONE', outputs: [], assessments: [], usage: {} }
        : {};
}

const streams = {
    'converse-stream': answerFrames('Rome.'),
    'invoke-with-response-stream': [eventFrame('chunk', { bytes: Buffer.from('{}').toString('base64') })],
};

/* A server, and a request to it from our command and from an SDK command: each gives what arrived. */
export async function clients() {
    const server = await serve((request, reply) => {
        const frames = streams[request.target.split('/').at(-1)];

        reply.setHeader('content-type', frames ? 'application/vnd.amazon.eventstream' : 'application/json');
        reply.end(frames ? Buffer.concat(frames) : JSON.stringify(answerTo(request)));
    });

    return {
        server,
        async ourRequest(args, options) {
            server.seen.length = 0;
            assertDone(await bedrock([...args, '--endpoint-url', options?.url ?? server.url], options));
            assert.equal(server.seen.length, 1);
            return server.seen[0];
        },
        async theirRequest(command, settings = {}, url = server.url) {
            const { control, runtime } = sdkClients(url, settings);

            server.seen.length = 0;
            const client = controlCommands.has(command.constructor) ? control : runtime;
            const answer = await client.send(command);
            const isInvoke = command instanceof InvokeModelWithResponseStreamCommand;
            const stream = isInvoke ? answer.body : answer.stream;

            for await (const event of stream ?? [])
                assert.ok(event);
            assert.equal(server.seen.length, 1);
            return server.seen[0];
        },
    };
}

const headersOf = ({ headers }) => Object.fromEntries(Object.entries(headers).filter(
    ([name]) => /^(host|content-type|accept|x-amzn-bedrock-.*)$/.test(name)).sort());

/* Everything but who is asking: line, host, types, Bedrock's own header fields, length, body. */
export function assertSame(ours, theirs) {
    assert.equal(ours.method, theirs.method);
    assert.equal(ours.target, theirs.target);
    assert.equal(ours.version, '1.1');
    assert.deepEqual(headersOf(ours), headersOf(theirs));
    if (theirs.body.length === 0) {
        assert.equal(ours.body.length, 0);
        return;
    }
    assert.equal(ours.headers['content-length'], String(ours.body.length));
    if (!ours.body.equals(theirs.body))
        assert.deepEqual(JSON.parse(ours.body), JSON.parse(theirs.body));
}

/* ---- The verifier ---- */

function dateOf(text) {
    const [, y, m, d, h, min, s] = text.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/);

    return new Date(`${y}-${m}-${d}T${h}:${min}:${s}Z`);
}

function signedNames(request) {
    return request.headers.authorization.match(/SignedHeaders=([^,]*),/)[1].split(';');
}

/* The Authorization that AWS's signer gives this request, from the headers that it says are signed. */
export async function theirAuthorization(request, credentials) {
    const signer = new SignatureV4({
        service: 'bedrock', region, credentials, sha256: Sha256, applyChecksum: false,
    });
    const [path, query] = request.target.split('?');
    const { headers } = await signer.sign({
        method: request.method,
        path,
        query: Object.fromEntries(new URLSearchParams(query)),
        headers: Object.fromEntries(signedNames(request).map((name) => [name, request.headers[name]])),
        body: request.body,
    }, { signingDate: dateOf(request.headers['x-amz-date']) });

    return headers.authorization;
}

export async function assertSigned(request, credentials = keys) {
    const must = Object.keys(request.headers).filter((name) => /^(host|content-type|x-amz-.*)$/.test(name));

    assert.deepEqual(must.filter((name) => !signedNames(request).includes(name)), []);
    assert.ok(Math.abs(dateOf(request.headers['x-amz-date']) - Date.now()) < 60000, 'X-Amz-Date is not now');
    assert.equal(request.headers['x-amz-security-token'], credentials.sessionToken);
    assert.equal(request.headers.authorization, await theirAuthorization(request, credentials));
}

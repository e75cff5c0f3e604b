/* peer.mjs - what the interop programs share: named cases, runs of ./bedrock, a server that records,
 * AWS's clients and frames from AWS's encoder. node 18.2 or newer. Leaves out: every case. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { BedrockClient } from '@aws-sdk/client-bedrock';
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { EventStreamCodec } from '@smithy/eventstream-codec';

const RUN_MS = 8000; /* longest run of a program of ours */
const ALL_MS = 20000; /* longest run of an interop program */

export const region = 'us-east-1';
export const keys = { accessKeyId: 'AKIDINTEROP', secretAccessKey: 'only/for+this/rung' };

/* ---- Cases ---- */

const counts = { passed: 0, failed: 0, skipped: 0 };

export async function check(name, body) {
    try {
        await body();
        counts.passed++;
    } catch (e) {
        counts.failed++;
        console.log(`FAIL ${name}: ${String(e?.message ?? e).trim().replace(/\n+/g, '\n    ')}`);
    }
}

export function skip(name, why) {
    counts.skipped++;
    console.log(`SKIP ${name}: ${why}`);
}

/* The last thing a program does: it tells the counts and leaves, whatever still holds a socket. */
export function end() {
    const program = path.basename(process.argv[1], '.mjs');

    console.log(`${program}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    process.exit(counts.failed ? 1 : 0);
}

setTimeout(() => {
    counts.failed++;
    console.log('FAIL time: the program did not come to its end');
    end();
}, ALL_MS).unref();

/* ---- Our command ---- */

const children = new Set();

process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/* Run a program to its end: its status, and its output as bytes and as text. */
export function run(program, args, { env = {}, input = null } = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, {
            env: { PATH: process.env.PATH, ...env },
            stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        });
        const out = [], err = [];
        const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS);

        children.add(child);
        child.stdout.on('data', (piece) => out.push(piece));
        child.stderr.on('data', (piece) => err.push(piece));
        child.on('error', reject);
        child.on('close', (status, signal) => {
            const bytes = Buffer.concat(out);

            clearTimeout(timer);
            children.delete(child);
            resolve({
                status: status ?? signal,
                bytes,
                stdout: bytes.toString(),
                stderr: Buffer.concat(err).toString(),
            });
        });
        if (input !== null) {
            child.stdin.on('error', () => {}); /* whoever ends early does not read it */
            child.stdin.end(input);
        }
    });
}

export const ourEnv = {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
};

export function bedrock(args, options = {}) {
    return run('./bedrock', args, { ...options, env: options.env ?? ourEnv });
}

/* The run did what it should: its status, and nothing on standard error. */
export function assertDone(got) {
    assert.equal(got.stderr, '');
    assert.equal(got.status, 0);
}

export function jsonLines(text) {
    assert.ok(text === '' || text.endsWith('\n'), 'the last line is not complete');
    return text.split('\n').slice(0, -1).map((line) => JSON.parse(line));
}

/* The run failed as it should: the error that --json puts on standard error. */
export function errorOf(got, status) {
    const [line] = jsonLines(got.stderr);

    assert.ok(line?.error, `no error, but status ${got.status} and ${got.stdout.slice(-200)}`);
    assert.equal(got.status, status, got.stderr);
    return line.error;
}

/* ---- Servers ---- */

/* A server on a free port that keeps what it was asked, and lets answer(request, response) reply. */
export async function serve(answer) {
    const seen = [];
    const server = http.createServer(async (request, response) => {
        const pieces = [];

        for await (const piece of request)
            pieces.push(piece);
        seen.push({
            method: request.method,
            target: request.url,
            version: request.httpVersion,
            names: request.rawHeaders.filter((_, i) => i % 2 === 0),
            headers: request.headers,
            body: Buffer.concat(pieces),
        });
        await answer(seen.at(-1), response);
    });

    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
        seen,
        url: `http://127.0.0.1:${server.address().port}`,
        close() {
            server.close();
            server.closeAllConnections();
        },
    };
}

/* ---- AWS's clients ---- */

/* Both speak HTTP/1.1 here; the runtime client would choose HTTP/2, which the control plane's does not. */
export function sdkClients(endpoint, settings = {}) {
    const config = { region, credentials: keys, maxAttempts: 1, endpoint, ...settings };
    const control = new BedrockClient(config);
    const runtime = new BedrockRuntimeClient({ requestHandler: control.config.requestHandler, ...config });

    return { control, runtime };
}

/* ---- AWS's frames ---- */

export const codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes).toString('utf8'),
    (text) => Buffer.from(text, 'utf8'),
);

function frame(headers, payload) {
    const typed = {};

    for (const [name, value] of Object.entries(headers))
        typed[name] = typeof value === 'string' ? { type: 'string', value } : value;
    return Buffer.from(codec.encode({ headers: typed, body: Buffer.from(payload) }));
}

/* Bedrock's order of headers; `more` are added. */
export function eventFrame(type, payload, more = {}) {
    return frame({
        ':event-type': type,
        ':content-type': 'application/json',
        ':message-type': 'event',
        ...more,
    }, typeof payload === 'string' ? payload : JSON.stringify(payload));
}

export function exceptionFrame(type, payload) {
    return frame({
        ':exception-type': type,
        ':content-type': 'application/json',
        ':message-type': 'exception',
    }, JSON.stringify(payload));
}

export function errorFrame(code, message) {
    return frame({ ':message-type': 'error', ':error-code': code, ':error-message': message }, '');
}

/* The frames of a whole answer that says `text`, a delta a piece. */
export function answerFrames(...pieces) {
    return [
        eventFrame('messageStart', { role: 'assistant' }),
        ...pieces.map((text) => eventFrame('contentBlockDelta', { contentBlockIndex: 0, delta: { text } })),
        eventFrame('contentBlockStop', { contentBlockIndex: 0 }),
        eventFrame('messageStop', { stopReason: 'end_turn' }),
        eventFrame('metadata', {
            usage: { inputTokens: 3, outputTokens: 5, totalTokens: 8 },
            metrics: { latencyMs: 13 },
        }),
    ];
}

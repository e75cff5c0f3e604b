/* golden.mjs - each call of http-requests.json, what another client sent, made with ./bedrock: with `api`,
 * and with the command that is there for it. Method, path, query, body and those header fields that matter
 * must be the same, the service the right one. Usage: node test/golden.mjs http-requests.json BEDROCK. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const [vectors, bedrock] = process.argv.slice(2);
const dir = mkdtempSync(join(tmpdir(), 'golden-'));
let passed = 0;
let failed = 0;
let seen = [];

const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g,
    (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
const pairs = (query) => Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
const means = (name) => /^(accept|content-type|x-amzn-bedrock-.*)$/.test(name);
const fields = (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => means(name)));
const label = (path, n) => decodeURIComponent(path.split('/')[n]);

/* a server for each service, which takes note of the request and refuses it */
const listen = (service) => new Promise((resolve) => {
    const server = createServer((rq, rs) => {
        const chunks = [];

        rq.on('data', (chunk) => chunks.push(chunk));
        rq.on('end', () => {
            const [path, query] = rq.url.split('?');

            seen.push({
                service, method: rq.method, path, fields: fields(rq.headers),
                query: query ? query.split('&').sort() : [], body: Buffer.concat(chunks).toString(),
            });
            rs.writeHead(400, { 'x-amzn-errortype': 'ValidationException' });
            rs.end('{"message":"seen"}');
        });
    }).listen(0, '127.0.0.1', () => resolve(server));
});

const run = (args) => new Promise((resolve) => {
    seen = [];
    const env = {
        PATH: process.env.PATH, AWS_REGION: 'us-west-2', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'x', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME: `http://127.0.0.1:${runtime.address().port}`,
        AWS_ENDPOINT_URL_BEDROCK: `http://127.0.0.1:${control.address().port}`,
    };
    const child = spawn(bedrock, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';

    child.stderr.on('data', (text) => { errors += text; });
    child.on('close', (status) => resolve({ status, errors }));
});

const json = (text) => (text ? JSON.parse(text) : null);

async function check(vector, args) {
    const want = {
        service: vector.host.split('.')[0], method: vector.method, path: vector.path,
        fields: fields(vector.headers), query: pairs(vector.query).sort(), body: json(vector.body),
    };
    const { errors } = await run(args);
    const got = seen.map((one) => ({ ...one, body: json(one.body) }))[0];

    if (isDeepStrictEqual(got, want) && seen.length === 1) {
        passed++;
    } else {
        failed++;
        console.log(`FAIL ${vector.name}: bedrock ${args.join(' ').slice(0, 300)}\n  sent   ` +
            `${JSON.stringify(got)}\n  wanted ${JSON.stringify(want)}\n  ${errors}`);
    }
}

/* the call as `api` makes it */
function api(vector) {
    const query = pairs(vector.query).join('&');
    const args = ['api', vector.method, vector.path + (query && '?' + query)];

    if (vector.body !== null)
        args.push('-d', vector.body);
    for (const [name, value] of Object.entries(fields(vector.headers)))
        args.push('-H', `${name}: ${value}`);
    return args;
}

/* the same by the command that knows the operation, or null */
function own(vector) {
    const file = join(dir, 'input.json');
    const model = label(vector.path, 2);
    const stream = vector.path.endsWith('-stream') ? '--stream' : '--no-stream';

    if (vector.body)
        writeFileSync(file, vector.body);
    if (vector.name === 'converse-model-only')
        return ['converse', '-m', model, stream];
    if (/\/converse(-stream)?$/.test(vector.path))
        return ['converse', '-m', model, stream, '--input', file];
    if (vector.path.endsWith('/count-tokens'))
        return ['tokens', '-m', model, '--input', file];
    switch (vector.name) {
    case 'invoke-model':
        return ['invoke', '-m', model, '--accept', 'application/json', '--guardrail', 'gid:1',
            '--guardrail-trace', '--latency', 'standard', '--tier', 'priority', '--metadata', 'a=b',
            vector.body];
    case 'invoke-model-no-content-type':
        return ['invoke', '-m', model, '--content-type', 'application/octet-stream', `@${file}`];
    case 'invoke-model-stream':
        return ['invoke', '-m', model, '--stream', '--accept', 'application/json', `@${file}`];
    case 'list-foundation-models':
        return ['models'];
    default:
        return null;
    }
}

const runtime = await listen('bedrock-runtime');
const control = await listen('bedrock');
const all = JSON.parse(readFileSync(vectors));

for (const vector of all) {
    await check(vector, api(vector));
    if (own(vector))
        await check(vector, own(vector));
}
const tokens = all.find((vector) => vector.name === 'count-tokens-converse');
await check(tokens, ['tokens', '-m', label(tokens.path, 2), 'hi']);
runtime.close();
control.close();
rmSync(dir, { recursive: true });
if (passed + failed < 30) {
    console.log(`FAIL only ${passed + failed} calls`);
    failed++;
}
console.log(`golden.mjs: ${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed > 0 ? 1 : 0);

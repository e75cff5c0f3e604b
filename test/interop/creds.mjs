/* creds.mjs - where credentials come from: the same profiles, the same emulator behind a recorder, AWS's SDK and
 * ./bedrock; who was asked what, and whose keys signed in the end. `creds.mjs ask` is the SDK's side of it.
 * Leaves out: the real services, and failures (test/cli_creds.sh). */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, end, run } from './peer.mjs';

const me = fileURLToPath(import.meta.url);

/* ---- The SDK's side: a process of its own, since it looks at its environment once ---- */

if (process.argv[2] === 'ask') {
    globalThis.crypto ??= crypto.webcrypto; /* the SDK's login provider takes it for granted; node 18 has none */
    const { BedrockClient, ListFoundationModelsCommand } = await import('@aws-sdk/client-bedrock');

    await new BedrockClient({}).send(new ListFoundationModelsCommand({}));
    process.exit(0);
}

/* ---- A recorder before the emulator ---- */

const emulator = new URL(process.env.BEDROCK_EMULATOR_HTTP);
const seen = [];
const given = new Map();

function sorted(text) {
    return [...new URLSearchParams(text)].sort().map((pair) => pair.join('=')).join('&');
}

/* What makes two requests the same one; what the SDK adds and STS takes for granted is left out. */
function nameOf({ method, target, headers, body }) {
    const [where, query = ''] = target.split('?');
    const isForm = /form-urlencoded/.test(headers['content-type']);
    const text = isForm ? sorted(body).replace('&DurationSeconds=3600', '').replace('DurationSeconds=3600&', '')
        : body && JSON.stringify(Object.entries(JSON.parse(body)).sort());

    return `${method} ${where}${query && '?'}${sorted(query)} ${text}`;
}

function forward(request, whole, reply) {
    const onward = http.request({
        host: emulator.hostname, port: emulator.port, method: request.method, path: request.url,
        headers: request.headers,
    }, (answer) => {
        const parts = [];

        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => {
            const name = nameOf(whole), got = { status: answer.statusCode, body: Buffer.concat(parts) };

            whole.status = got.status;
            /* both clients get the keys that the first one got; sessions with an instance are their own */
            if (!given.has(name) || request.method === 'PUT')
                given.set(name, got);
            reply.writeHead(got.status, Object.fromEntries(Object.entries(answer.headers).filter(
                ([field]) => !/^(content-length|transfer-encoding|connection)$/.test(field))));
            reply.end(given.get(name).body);
        });
    });

    onward.end(whole.body);
}

const recorder = http.createServer((request, reply) => {
    const parts = [];

    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
        const whole = { method: request.method, target: request.url, headers: request.headers,
            body: Buffer.concat(parts).toString() };

        seen.push(whole);
        forward(request, whole, reply);
    });
});

await new Promise((ready) => recorder.listen(0, '127.0.0.1', ready));

/* ---- A home with profiles ---- */

const url = `http://127.0.0.1:${recorder.address().port}`;
const home = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'creds-'));
const role = 'arn:aws:iam::123456789012:role';
const mine = 'arn:aws:iam::123456789012:user/me';
const start = 'https://corp.awsapps.com/start';
const hash = (name, text) => crypto.createHash(name).update(text).digest('hex');
const at = (ms) => new Date(Date.now() + ms).toISOString().replace(/[.]\d+/, '');
const soon = at(120000), later = at(36000000);

function put(name, text) {
    const file = path.join(home, name);

    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return file;
}

put('.aws/credentials', `[keys]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
`);
put('.aws/config', `[profile one]
role_arn = ${role}/one
source_profile = keys
role_session_name = me
[profile two]
role_arn = ${role}/external
source_profile = one
role_session_name = me=too,@home
external_id = emulator-external-id
duration_seconds = 900
[profile ec2]
role_arn = ${role}/one
credential_source = Ec2InstanceMetadata
role_session_name = me
[profile ecs]
role_arn = ${role}/one
credential_source = EcsContainer
role_session_name = me
[profile web]
role_arn = ${role}/web
web_identity_token_file = ${home}/token
role_session_name = me
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = A Reader+
[sso-session corp]
sso_region = us-east-1
sso_start_url = ${start}
[profile old]
sso_start_url = ${start}
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = Reader
[profile login]
login_session = ${mine}
[profile process]
credential_process = cat ${home}/printed
[profile nothing]
region = us-east-1
`);
put('printed', JSON.stringify({ Version: 1, AccessKeyId: 'AKIDEXAMPLE',
    SecretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }));
put('token', 'emulator.web.identity');

function ssoToken(expiresAt) {
    return JSON.stringify({ startUrl: start, region: 'us-east-1', accessToken: 'emulator-sso-token', expiresAt,
        refreshToken: 'emulator-refresh', clientId: 'emulator-client', clientSecret: 'emulator-client-secret',
        registrationExpiresAt: later, note: 'stays' }, null, 2);
}

const { privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const dpopKey = privateKey.export({ type: 'sec1', format: 'pem' });
const loginFile = `.aws/login/cache/${hash('sha256', mine)}.json`;
const ssoFile = `.aws/sso/cache/${hash('sha1', 'corp')}.json`;

function loginCache(expiresAt) {
    return JSON.stringify({ accessToken: { accessKeyId: 'ASIAOLD', secretAccessKey: 'old', sessionToken: 'old',
        accountId: '123456789012', expiresAt }, tokenType: 'urn:aws:params:oauth:token-type:access_token_sigv4',
        clientId: 'arn:aws:signin:::devtools/same-device', refreshToken: 'emulator-login', idToken: 'x',
        dpopKey });
}

/* ---- Both clients ---- */

const base = { HOME: home, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: url, NODE_NO_WARNINGS: '1',
    AWS_EC2_METADATA_DISABLED: 'true' };

/* What each asked, and the call that it made with the keys. */
async function asked(program, args, env, files) {
    for (const [name, text] of Object.entries(files))
        put(name, text);
    seen.length = 0;
    const done = await run(program, args, { env: { ...base, ...env } });

    assert.equal(done.status, 0, done.stderr);
    const call = seen.findIndex(({ target }) => target.startsWith('/foundation-models'));

    assert.ok(call >= 0, 'Bedrock was not called');
    assert.deepEqual(seen.map(({ status }) => status).filter((status) => status !== 200), []);
    return { before: seen.slice(0, call), call: seen[call], written: Object.fromEntries(
        Object.keys(files).map((name) => [name, JSON.parse(fs.readFileSync(path.join(home, name)))])) };
}

const says = ['authorization', 'content-type', 'x-amz-sso_bearer_token', 'x-aws-ec2-metadata-token-ttl-seconds'];

/* The fields that a service looks at; of a signature, who signed for what; of a proof, what it claims. */
function fieldsOf({ headers }) {
    const fields = Object.fromEntries(says.filter((name) => headers[name]).map((name) => [name, headers[name]]));
    const scope = headers.authorization?.match(/^AWS4-HMAC-SHA256 Credential=([^/]*)[/]\d+([^,]*),/);

    if (scope)
        fields.authorization = scope.slice(1).join(' ');
    if (headers.dpop) {
        const [head, claims] = headers.dpop.split('.').slice(0, 2).map(
            (part) => JSON.parse(Buffer.from(part, 'base64url')));

        delete claims.jti;
        delete claims.iat;
        fields.dpop = [head, claims];
    }
    return fields;
}

async function same(name, profile, env = {}, files = {}) {
    await check(name, async () => {
        const set = profile ? { ...env, AWS_PROFILE: profile } : env;

        given.clear();
        const theirs = await asked(process.execPath, [me, 'ask'], set, files);
        const ours = await asked('./bedrock', ['models', '-1'], set, files);

        assert.deepEqual(ours.before.map(nameOf), theirs.before.map(nameOf));
        assert.deepEqual(ours.before.map(fieldsOf), theirs.before.map(fieldsOf));
        assert.deepEqual(fieldsOf(ours.call).authorization, fieldsOf(theirs.call).authorization);
        assert.equal(ours.call.headers['x-amz-security-token'], theirs.call.headers['x-amz-security-token']);
        for (const file of Object.keys(files))
            assert.deepEqual(Object.keys(ours.written[file]).sort(), Object.keys(theirs.written[file]).sort());
    });
}

const imds = { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
const ecs = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/creds`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'emulator-container-token' };

await same('keys of a profile', 'keys');
await same('a role', 'one');
await same('two roles, an external id, a duration', 'two');
await same('a role for an instance', 'ec2', imds);
await same('a role for a container', 'ecs', ecs);
await same('web identity of a profile', 'web');
await same('web identity of the environment', null, { AWS_WEB_IDENTITY_TOKEN_FILE: path.join(home, 'token'),
    AWS_ROLE_ARN: `${role}/env`, AWS_ROLE_SESSION_NAME: 'me' });
await same('SSO', 'sso', {}, { [ssoFile]: ssoToken(later) });
await same('SSO, the old form', 'old', {}, { [`.aws/sso/cache/${hash('sha1', start)}.json`]: ssoToken(later) });
await same('SSO, a token that is renewed', 'sso', {}, { [ssoFile]: ssoToken(soon) });
await same('login, a session that is renewed', 'login', {}, { [loginFile]: loginCache(soon) });
await same('a process', 'process');
await same('a container', null, ecs);
await same('a container, in the profile of its own', 'nothing', ecs);
await same('an instance', null, imds);

fs.rmSync(home, { recursive: true });
end();

/* agent.mjs - a loop over tools, by AWS's SDK and by --run-tools, over one ./bedrock-emulator, which starts
 * this program: both have the same conversation. Leaves out: tools that misbehave (cli_tools.sh), and TLS. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { ConverseCommand, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { assertDone, bedrock, check, end, jsonLines, sdkClients, serve } from './peer.mjs';
import { byHand, plain } from './hand.mjs';

const env = process.env;
const modelId = 'amazon.nova-lite-v1:0';

/* ---- The emulator, and what passes on the way to it ---- */

const emulator = new URL(env.AWS_ENDPOINT_URL.replace('//localhost:', '//127.0.0.1:'));
const relay = await serve((request, reply) => new Promise((resolve, reject) => {
    const { method, target, headers, body } = request;
    const on = http.request(emulator, { method, path: target, headers }, (answer) => {
        reply.writeHead(answer.statusCode, answer.headers);
        answer.pipe(reply).on('finish', resolve);
    });

    on.on('error', reject);
    on.end(body);
}));
const { runtime } = sdkClients(relay.url, {
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
});

/* ---- The tools, in both languages ---- */

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'agent-'));
const tool = path.join(dir, 'tool');
const list = path.join(dir, 'tools.json');

process.on('exit', () => fs.rmSync(dir, { recursive: true }));
fs.writeFileSync(tool, `#!/bin/sh
case $1 in
weather) printf 'sunny, 日本 "😀"' ;;
echo) printf '{"input":%s}' "$(cat)" ;;
*) echo 'it is broken' >&2; exit 3 ;;
esac
`, { mode: 0o755 });

const run = {
    weather: () => [{ text: 'sunny, 日本 "😀"' }],
    echo: (input) => [{ json: { input } }],
};
const specs = ['weather', 'echo', 'broken'].map((name) => ({
    toolSpec: { name, inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } } } } },
}));

fs.writeFileSync(list, JSON.stringify(specs));

function resultOf({ toolUse: { toolUseId, name, input } }) {
    return {
        toolResult: run[name]
            ? { toolUseId, content: run[name](input) }
            : { toolUseId, content: [{ text: 'exit status 3: it is broken' }], status: 'error' },
    };
}

/* ---- The loops ---- */

/* The documents of all turns. */
async function theirLoop(streams, prompt, toolChoice) {
    const messages = [{ role: 'user', content: [{ text: prompt }] }];
    const answers = [];

    for (let turn = 0; turn < 10; turn++) {
        const Command = streams ? ConverseStreamCommand : ConverseCommand;
        const answer = await runtime.send(new Command({
            modelId, messages, toolConfig: { tools: specs, ...turn === 0 && toolChoice && { toolChoice } },
        }));
        const { $metadata, ...whole } = streams ? await byHand(answer.stream) : plain(answer);

        answers.push(whole);
        if (whole.stopReason !== 'tool_use')
            break;

        const { message } = whole.output;
        const content = message.content.filter((block) => block.toolUse).map(resultOf);

        messages.push(message, { role: 'user', content });
    }
    return answers;
}

async function ourLoop(streams, prompt, choice) {
    const got = await bedrock(['converse', streams ? '--stream' : '--no-stream', '--json', '-q',
        ...streams ? ['--json-message'] : [], '-m', modelId, '--tools', list, '--run-tools', tool,
        ...choice ? ['--tool-choice', choice] : [], prompt],
    { env: { ...env, AWS_ENDPOINT_URL: relay.url } });

    assertDone(got);
    return jsonLines(got.stdout).filter((line) => line.output);
}

/* Ids of tool uses by the order in which they come up, and no times. */
function named(value) {
    const ids = [];

    return JSON.parse(JSON.stringify(value, (name, v) => {
        if (name === 'latencyMs')
            return 0;
        if (name !== 'toolUseId')
            return v;
        if (!ids.includes(v))
            ids.push(v);
        return ids.indexOf(v);
    }));
}

async function conversation(loop, ...args) {
    relay.seen.length = 0;

    const answers = await loop(...args);
    const asked = relay.seen.map(({ target, body }) => ({ target, body: JSON.parse(body) }));

    return named({ asked, answers });
}

for (const streams of [false, true]) {
    for (const [name, turns, prompt, choice] of [
        ['no tool', 1, 'Hello'],
        ['a tool', 2, 'call weather with {"city":"Zürich 😀"}'],
        ['JSON as a result', 2, 'call echo with {"a":[1.5,"é\\n",null,{}]}'],
        ['no input', 2, 'call echo'],
        ['three in one turn', 2, 'call weather with {"city":"Rome"}\ncall broken\ncall echo with {"b":{}}'],
        ['a tool that fails', 2, 'call broken with {}'],
        ['a tool that must be used', 2, 'What is the weather?', 'weather'],
    ]) {
        await check(`--run-tools, ${streams ? 'streamed' : 'one-shot'}: ${name}`, async () => {
            const toolChoice = choice && { tool: { name: choice } };
            const ours = await conversation(ourLoop, streams, prompt, choice);
            const theirs = await conversation(theirLoop, streams, prompt, toolChoice);

            assert.deepEqual(ours, theirs);
            assert.equal(theirs.asked.length, turns);
            assert.equal(theirs.answers.length, turns);
        });
    }
}

relay.close();
end();

// many.mjs - what many.c does, by AWS's SDK for JavaScript: `node many.mjs streams|calls N MODEL`.
// Stands on test/interop/node_modules (make deps). HTTP/1.1, as many connections as it likes.
import { createRequire } from 'node:module';
const require = createRequire(new URL('../test/interop/package.json', import.meta.url));
const { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } = require('@aws-sdk/client-bedrock-runtime');
const { NodeHttpHandler } = require('@smithy/node-http-handler');

const [what, count, modelId] = process.argv.slice(2);
const client = new BedrockRuntimeClient({
    region: process.env.AWS_REGION, endpoint: process.env.AWS_ENDPOINT_URL, maxAttempts: 1,
    credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY },
    requestHandler: new NodeHttpHandler({ httpsAgent: { maxSockets: 1000, keepAlive: true } }),
});
const input = { modelId, messages: [{ role: 'user', content: [{ text: 'hi' }] }] };
let events = 0;

async function stream() {
    const answer = await client.send(new ConverseStreamCommand(input));
    for await (const event of answer.stream) events += event ? 1 : 0;
}
if (what === 'streams') await Promise.all(Array.from({ length: Number(count) }, stream));
else for (let i = 0; i < Number(count); i++) events += (await client.send(new ConverseCommand(input))).output ? 1 : 0;
console.log(`${events} events`);
client.destroy();

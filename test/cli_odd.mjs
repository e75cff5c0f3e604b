/* cli_odd.mjs - a control plane that answers with what no model list should hold: cli_access.sh runs it.
 * Prints its port, and ends with its standard input. Leaves out: signatures. */
import http from 'node:http';

const reach = (...arns) => arns.map((modelArn) => ({ modelArn }));
const arn = (region, id) => `arn:aws:bedrock:${region}::foundation-model/${id}`;
const good = {
    agreementAvailability: { status: 'AVAILABLE' }, authorizationStatus: 'AUTHORIZED',
    entitlementAvailability: 'AVAILABLE', regionAvailability: 'AVAILABLE',
};
const models = [
    { modelName: 'Nameless', outputModalities: ['TEXT'] },
    { modelId: 'odd.bare-v1' },
    { modelId: 'odd.types-v1', modelName: 7, providerName: null, inputModalities: 'TEXT',
        outputModalities: [1, 'TEXT', null], modelLifecycle: 'X', accessible: 'theirs' },
    { modelId: 'odd.\u001b[31mred', modelName: 'line\nbreak',
        inferenceTypesSupported: ['ON_DEMAND', 'TELEPATHY'] },
    { modelId: 'odd.word-v1', inferenceTypesSupported: ['ON_DEMAND'] },
    { modelId: 'odd.silent-v1', inferenceTypesSupported: ['ON_DEMAND'] },
    { modelId: 'odd.agreed-v1' }, { modelId: 'odd.offerless-v1' }, { modelId: 'odd.tokenless-v1' },
    { modelId: 'odd.telepathy-v1', inferenceTypesSupported: ['TELEPATHY'] },
    { modelId: `odd.${'long'.repeat(50)}` },
    'text', null, 7,
];
const missing = { ...good, agreementAvailability: { status: 'NOT_AVAILABLE' } };
const answers = {
    'odd.agreed-v1': missing,
    'odd.offerless-v1': missing,
    'odd.tokenless-v1': missing,
    'odd.word-v1': { ...good, authorizationStatus: 'BY_LETTER' },
    'odd.silent-v1': { modelId: 'odd.silent-v1' },
};
const profiles = [
    { inferenceProfileId: 'global.odd', type: 'SYSTEM_DEFINED', models: reach(arn('', 'odd.a')) },
    { inferenceProfileId: 'xx.odd', inferenceProfileName: 'Two', type: 'NOVEL',
        models: reach(arn('xx-1', 'odd.a'), arn('xx-1', 'odd.b'), arn('xx-2', 'odd.a'), 'no ARN') },
    { inferenceProfileId: 'none.odd', models: {} },
    {}, 7,
];

const offers = { 'odd.agreed-v1': [{ offerToken: 'token' }], 'odd.tokenless-v1': [{ offerId: 'offer-1' }] };
/* what is answered about odd.agreed-v1 once it was agreed to, look after look: null is an error that passes
 * by itself */
const looks = [null, { ...missing, agreementAvailability: { status: 'PENDING' } }, null, good];

function answer(path, query, id) {
    switch (path.split('/')[1]) {
    case 'foundation-models': return { modelSummaries: models };
    case 'inference-profiles':
        return { inferenceProfileSummaries: query?.includes('APPLICATION') ? [] : profiles };
    case 'list-foundation-model-agreement-offers': return { offers: offers[id] ?? [] };
    case 'create-foundation-model-agreement':
        answers['odd.agreed-v1'] = looks;
        return {};
    default: break;
    }
    if (answers[id] !== looks)
        return answers[id] ?? good;
    return looks.length > 1 ? looks.shift() : looks[0];
}

const server = http.createServer((request, response) => {
    const [path, query] = decodeURIComponent(request.url).split('?');
    const body = answer(path, query, path.split('/').pop());

    response.statusCode = body ? 200 : 503;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(body ?? { message: 'not now' }));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();

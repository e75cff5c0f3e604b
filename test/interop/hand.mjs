/* hand.mjs - the events of AWS's SDK put together by hand into what Converse would have answered.
 * ConverseStream and Converse. Leaves out: what the SDK leaves out, events that it does not know. */

/* Kinds that nobody knows: what can be joined is. */
function joined(old, value) {
    if (typeof old === 'string' && typeof value === 'string')
        return old + value;
    return Array.isArray(old) && Array.isArray(value) ? [...old, ...value] : value;
}

function addUnknown(block, [name, value]) {
    if (value?.constructor !== Object) {
        block[name] = joined(block[name], value);
        return;
    }
    block[name] ??= {};
    for (const [member, part] of Object.entries(value))
        block[name][member] = joined(block[name][member], part);
}

const bytesJoined = (old, bytes) => Buffer.concat([old ?? Buffer.alloc(0), bytes]);

function addReasoning(block, { text, signature, redactedContent }) {
    const reasoning = block.reasoningContent ??= {};

    if (redactedContent !== undefined)
        reasoning.redactedContent = bytesJoined(reasoning.redactedContent, redactedContent);
    if (text !== undefined || signature !== undefined) {
        const whole = reasoning.reasoningText ??= { text: '' };

        whole.text += text ?? '';
        if (signature !== undefined)
            whole.signature = (whole.signature ?? '') + signature;
    }
}

/* The first text goes on with the one before. */
function addResult(block, content) {
    const all = block.toolResult.content ??= [];

    content.forEach((part, i) => {
        if (i === 0 && part.text !== undefined && all.at(-1)?.text !== undefined)
            all.at(-1).text += part.text;
        else
            all.push({ ...part });
    });
}

function addDelta(block, delta) {
    if (delta.text !== undefined)
        block.text = (block.text ?? '') + delta.text;
    if (delta.citation)
        (block.citations ??= []).push(delta.citation);
    if (delta.toolUse)
        block.toolUse.input += delta.toolUse.input;
    if (delta.toolResult)
        addResult(block, delta.toolResult);
    if (delta.reasoningContent)
        addReasoning(block, delta.reasoningContent);
    if (delta.image?.source?.bytes)
        block.image.source = { bytes: bytesJoined(block.image.source?.bytes, delta.image.source.bytes) };
    else if (delta.image)
        Object.assign(block.image, delta.image);
    if (delta.$unknown)
        addUnknown(block, delta.$unknown);
}

function started(start) {
    if (start.toolUse)
        return { toolUse: { ...start.toolUse, input: '' } };
    const block = {};

    if (start.$unknown)
        addUnknown(block, start.$unknown);
    return start.$unknown ? block : structuredClone(start);
}

/* As it stands in the message: input as JSON, and a text that has citations as a block of its own kind. */
function finished(block) {
    const { text, citations, ...rest } = block;

    if (block.toolUse)
        return { toolUse: { ...block.toolUse, input: JSON.parse(block.toolUse.input || '{}') } };
    return citations ? { citationsContent: { content: [{ text }], citations }, ...rest } : block;
}

/* Everything in a Converse response's shape, bytes in base64. */
export async function byHand(stream) {
    const blocks = [], rest = {}, message = {};

    for await (const event of stream) {
        const { contentBlockStart: start, contentBlockDelta: delta } = event;

        if (event.messageStart)
            message.role = event.messageStart.role;
        else if (start)
            blocks[start.contentBlockIndex] = started(start.start);
        else if (delta)
            addDelta(blocks[delta.contentBlockIndex] ??= {}, delta.delta);
        else
            Object.assign(rest, event.messageStop, event.metadata);
    }
    message.content = blocks.filter((block) => block).map(finished);
    return plain({ output: { message }, ...rest });
}

/* The same as JSON; the SDK's bytes are Uint8Array and Buffer. */
export function plain(value) {
    if (value instanceof Uint8Array)
        return Buffer.from(value).toString('base64');
    if (Array.isArray(value))
        return value.map(plain);
    if (value?.constructor !== Object)
        return value;
    return Object.fromEntries(
        Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => [k, plain(v)]));
}

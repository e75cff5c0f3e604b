#!/bin/sh
# demo.sh - the notebook "Getting started with the Converse API in Amazon Bedrock" with the real command. Runs
# inside of `bedrock-emulator -- sh tools/demo.sh`, which sets endpoint, credentials and CA; against an account
# of yours only the list of models would differ.
bedrock=${BEDROCK:-./bedrock}
question='What is the capital of Italy?'
chosen='amazon.nova-lite-v1:0 us.anthropic.claude-3-7-sonnet-20250219-v1:0 meta.llama3-70b-instruct-v1:0 mistral.mistral-large-2402-v1:0'

say()
{
    printf '\n# %s\n' "$1"
}
# Shows a command as one would type it and runs it; $expected is the exit status that it should have.
run()
{
    shown=bedrock
    for word; do
        case $word in
        *[!a-zA-Z0-9.:=/_-]*) shown="$shown '$word'" ;;
        *) shown="$shown $word" ;;
        esac
    done
    printf '$ %s\n' "$shown"
    "$bedrock" "$@"
    status=$?
    [ $status -eq 0 ] || echo "(exit status $status)"
    [ $status -eq "${expected:-0}" ] || { echo "demo: expected exit status ${expected:-0}" >&2; exit 1; }
}

say 'Which models are there?'
run models
say 'Which of those that answer in text can this account call, and why not the others?'
run models --accessible --output TEXT
say 'The ids to call them by, one a line; where a model needs an inference profile it is the id of one'
run models --accessible --output TEXT -1 -q
say 'One prompt to several at once; one has not been granted to this account, and the others go on'
m=
for id in $chosen; do
    m="$m -m $id"
done
# shellcheck disable=SC2086
expected=1 run converse --no-stream $m --max-tokens 512 --temperature 0.5 --top-p 0.9 "$question"
say 'The same, streamed, with the reasoning of the models that show it'
# shellcheck disable=SC2086
expected=1 run converse --stream $m "$question"
say 'And to every model that can be called'
run converse --no-stream -m all -q --usage "$question"
say 'Fields that only one provider knows, and a system prompt'
run converse --no-stream -m anthropic.claude-3-haiku-20240307-v1:0 --fields '{"top_k": 50}' -s 'Answer in one sentence.' "$question"
dir=$(mktemp -d "${TMPDIR:-/tmp}/bedrock-demo.XXXXXX")
trap 'rm -rf "$dir"' EXIT
say 'A whole request, as the AWS documentation shows it'
cat > "$dir/request.json" <<END
{
  "modelId": "amazon.nova-pro-v1:0",
  "messages": [{"role": "user", "content": [{"text": "$question"}]}],
  "inferenceConfig": {"maxTokens": 100, "temperature": 0}
}
END
run converse --no-stream --json --input "$dir/request.json"
say 'A document, and what the request looks like that carries it (its bytes are cut here)'
printf 'Rome has been the capital since 1871.\n' > "$dir/History of Rome.txt"
run converse --no-stream -m amazon.nova-lite-v1:0 -f "$dir/History of Rome.txt" "$question"
"$bedrock" converse -m amazon.nova-lite-v1:0 -f "$dir/History of Rome.txt" "$question" --dry-run | cut -c 1-160
say 'A tool: the model asks for it, a command of yours answers, and the model goes on'
cat > "$dir/tools.json" <<'END'
[{"name": "population", "description": "People in a city",
  "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
END
printf '#!/bin/sh\necho "{\\"people\\": 2746984}"\n' > "$dir/tool"
chmod +x "$dir/tool"
run converse --no-stream -m amazon.nova-lite-v1:0 --tools "$dir/tools.json" --run-tools "$dir/tool" 'call population with {"city":"Rome"}'
say 'What a guardrail makes of a text, and how many tokens a prompt has'
expected=1 run guard emumask:1 'Write to cesare@example.com.'
run tokens -m amazon.nova-lite-v1:0 "$question"
say 'Where Region, endpoints and credentials come from'
run whoami

#!/bin/sh
# cli_tools.sh - converse --run-tools, against the emulator: turns, results, tools that misbehave. SCRIPT [BEDROCK
# [EMULATOR]], from the top of the tree.
. test/cli_lib.sh
cat > "$dir/tools.json" <<'END'
[{"name": "weather", "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}}},
 {"name": "now", "inputSchema": {"json": {"type": "object"}}},
 {"name": "again", "inputSchema": {"json": {"type": "object"}}}]
END
cat > "$dir/tool" <<'END'
#!/bin/sh
echo "$$" > "$0.pid"
input=$(cat)
echo "$1 $input $#" >> "$0.log"
case $1 in
weather) echo 'sunny' ;;
now) echo '{"time": "12:00"}' ;;
again) echo 'call again' ;;
esac
END
chmod +x "$dir/tool"
# begins the tool's log anew
runs()
{
    : > "$dir/tool.log"
}
# r NAME STATUS OUT ERR CMD ARGUMENTS...: converse with the tools above
r()
{
    r_name=$1 r_status=$2 r_out=$3 r_err=$4 r_cmd=$5
    shift 5
    t "$r_name" "$r_status" "$r_out" "$r_err" converse -m $nova --tools "$dir/tools.json" --run-tools "$r_cmd" "$@"
}
weather='call weather with {"city":"Rome"}'

# ---- Turns ----

runs
r 'a tool' 0 'The tool said: "sunny".' 'bedrock: tool weather {"city":"Rome"}' "$dir/tool" "$weather"
ok 'it got its name and the input' test "$(cat "$dir/tool.log")" = 'weather {"city":"Rome"} 1'
r 'streamed' 0 'The tool said: "sunny".' '*' "$dir/tool" --stream "$weather"
r 'quietly' 0 'The tool said: "sunny".' '' "$dir/tool" -q "$weather"
r 'an object is JSON' 0 'The tool said: "{"time": "12:00"}".' '*' "$dir/tool" 'call now'
runs
r 'two uses, one message' 0 "The tool said: \"sunny\".${nl}The tool said: \"{\"time\": \"12:00\"}\"." '*' "$dir/tool" "$weather${nl}call now"
ok 'in their order' test "$(cut -d' ' -f1 "$dir/tool.log" | tr '\n' ' ')" = 'weather now '
r 'text of every turn' 0 "I will use a tool for this.$nl${nl}The tool said: \"sunny\"." '*' "$dir/tool" --stream --tool-choice weather hi
r 'none is wanted' 0 'You said: "hi".' '' "$dir/tool" hi
r 'a line a turn' 0 "{\"output\":*\"toolUse\"*}$nl{\"output\":*The tool said*}" '*' "$dir/tool" --json "$weather"
r 'events' 0 "{\"messageStart\":*$nl{\"messageStart\":*The*" '*' "$dir/tool" --json --stream "$weather"
r 'documents' 0 "{\"output\":*\"toolUse\"*}$nl*The tool said*$nl{\"output\":*}" '*' "$dir/tool" --stream --json-message "$weather"
runs
r 'turn after turn' 1 '' '*bedrock: CANCELLED: the model still asks for tools at the end of turn 10; --max-turns *' "$dir/tool" 'call again'
ok 'nine of them run' test "$(wc -l < "$dir/tool.log")" -eq 9
r '--max-turns' 1 '' '*turn 3;*' "$dir/tool" --max-turns 3 'call again'
r 'one turn' 1 '' 'bedrock: CANCELLED: *turn 1;*' "$dir/tool" --max-turns 1 'call again'
t 'a request of --input' 0 'The tool said: "sunny".' '*' converse -m $nova --run-tools "$dir/tool" --input - <<END
{"messages":[{"role":"user","content":[{"text":"call weather"}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"weather","inputSchema":{"json":{"type":"object"}}}}]}}
END
t 'through a profile, looked up once' 0 '*The tool said: "sunny".' "bedrock: * asking through us.*${nl}bedrock: tool *" converse --auto-profile \
    --no-reasoning -m anthropic.claude-3-7-sonnet-20250219-v1:0 --tools "$dir/tools.json" --run-tools "$dir/tool" "$weather"
ok 'said once' test "$(grep -c 'asking through' "$dir/err")" -eq 1
t 'a model without tools' 254 '' 'bedrock: ValidationException: *' converse -m emulator.no-tools-v1:0 --tools "$dir/tools.json" \
    --run-tools "$dir/tool" hi
r 'a use in an answer that was cut' 0 '' "bedrock: the answer was cut: *${nl}bedrock: the answer asks for tools, which are not run: *" "$dir/tool" \
    'say.tool say.max-tokens'
t 'a choice that is none' 254 '' 'bedrock: ValidationException: *hint: name one of --tools *' converse -m $nova --tools "$dir/tools.json" \
    --tool-choice nosuch hi
t 'an input that is no JSON' 1 '' '*turn 2;*' converse --stream -q -m fault.broken-input --tools "$dir/tools.json" \
    --run-tools "$dir/tool" --max-turns 2 hi
runs
t 'a tool that nobody offered is not run' 0 'The tool failed: "there is no tool of this name".' \
    'bedrock: tool weather failed: there is no tool of this name' converse -m $nova --run-tools "$dir/tool" \
    --input - <<'END'
{"messages":[{"role":"user","content":[{"text":"say.tool"}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"now","inputSchema":{"json":{"type":"object"}}}}]}}
END
ok 'it was not' test ! -s "$dir/tool.log"

# ---- The command ----

r 'words and quotes' 0 'The tool said: "a|b c|d"e|now|".' '*' "sh -c 'printf \"%s|\" \"\$@\"' x a \"b c\" 'd\"e'" 'call now'
r 'by PATH' 0 'The tool said: "now".' '*' echo 'call now'
r 'no shell in between' 0 'The tool said: "\$HOME ; now".' '*' "echo \$HOME ;" 'call now'
bad 'no such command' '--run-tools: there is no command nosuchcommand' converse -m m --tools "$dir/tools.json" --run-tools nosuchcommand hi
bad 'no such path' "--run-tools: there is no command $dir/none" converse -m m --tools "$dir/tools.json" --run-tools "$dir/none x" hi
bad 'a folder' "--run-tools: there is no command $dir" converse -m m --tools "$dir/tools.json" --run-tools "$dir" hi
bad 'an open quote' '--run-tools: a quote *' converse -m m --tools "$dir/tools.json" --run-tools "sh -c 'x" hi
bad 'blanks' '--run-tools: there is no command in it' converse -m m --tools "$dir/tools.json" --run-tools '  ' hi
bad 'no tools' '--run-tools runs the tools that --tools names*' converse -m m --run-tools echo hi
bad 'turns, and nothing to run' '--max-turns and --tool-timeout are about *' converse -m m --max-turns 3 hi
bad 'a time-out, and nothing to run' '--max-turns and --tool-timeout are about *' converse -m m --tool-timeout 3 hi
bad 'two models' '--run-tools works with one model' converse -m a -m b --tools "$dir/tools.json" --run-tools echo hi
echo '#!/none' > "$dir/noexec" && chmod +x "$dir/noexec"
r 'a file that cannot be run' 255 '' '*bedrock: IO: *noexec: No such file or directory' "$dir/noexec" 'call now'

# ---- Tools that misbehave ----

r 'an exit status' 0 'The tool failed: "exit status 3: ouch".' '*bedrock: tool now failed: exit status 3' "sh -c 'echo out; echo ouch >&2; exit 3'" 'call now'
r 'a signal' 0 'The tool failed: "killed by signal 9: ouch".' '*' "sh -c 'echo ouch >&2; kill -9 \$\$'" 'call now'
r 'its own SIGPIPE' 0 'The tool failed: "killed by signal 13".' '*' "sh -c 'kill -13 \$\$'" 'call now'
r 'output without end' 0 'The tool failed: "the output is larger than 1 MiB".' '*' yes 'call now'
r 'words without end' 0 'The tool failed: "it took longer than 500 ms".' '*' "sh -c 'yes >&2'" --tool-timeout 0.5 'call now'
r 'the end of its words' 0 'The tool failed: "exit status 1: *last".' '*' "sh -c 'yes | head -c 100000 >&2; echo last >&2; exit 1'" 'call now'
ok 'bounded' test "$(wc -c < "$dir/out")" -lt 4300
r 'it hangs' 0 'The tool failed: "it took longer than 300 ms".' '*' "sh -c 'echo \$\$ > $dir/hung; sleep 100; :'" --tool-timeout 0.3 'call now'
ok 'it ran' test -s "$dir/hung"
ok 'and is gone, with what it started' test -z "$(ps -o pid= -g "$(cat "$dir/hung")" 2> /dev/null)"
if command -v perl > /dev/null; then
    r 'it leaves its group' 0 'The tool failed: "it took longer than 300 ms".' '*' \
        "perl -e 'setpgrp(0, getpgrp(getppid)); open(my \$f, q(>), q($dir/left)); print \$f \$\$; close \$f; sleep 100'" \
        --tool-timeout 0.3 'call now'
    ok 'it did' test -s "$dir/left"
    ok 'and is gone, too' test -z "$(ps -o pid= -p "$(cat "$dir/left")" 2> /dev/null)"
else
    skip 'a tool that leaves its group: no perl'
fi
r 'it closes its outputs and stays' 0 'The tool failed: "it took longer than 300 ms".' '*' "sh -c 'exec >&- 2>&-; sleep 100'" --tool-timeout 0.3 'call now'
long=$(head -c 200000 /dev/zero | tr '\0' x)
printf 'call now with {"x":"%s"}' "$long" > "$dir/long"
r 'it does not read its input' 0 'The tool said: "now".' '*' echo "@$dir/long"
r 'it closes its input' 0 'The tool said: "done".' '*' "sh -c 'exec <&-; echo done'" "@$dir/long"
r 'it reads all of it' 0 'The tool said: "200008".' '*' "sh -c 'cat | tr -d \" \" | wc -c'" "@$dir/long"
r 'no output' 0 'The tool said: "".' '*' true 'call now'
r 'bytes that are not UTF-8' 0 'The tool failed: "the output is not UTF-8".' '*' "printf '\\377'" 'call now'
r 'JSON of many levels' 0 'The tool failed: "the output is JSON of too many levels".' '*' \
    "sh -c 'printf %0450d 0 | sed s/0/{\\\"a\\\":/g; printf 1; printf %0450d 0 | sed s/0/}/g'" 'call now'
r 'JSON cut off is text' 0 'The tool said: "{"a":".' '*' "printf '{\"a\":'" 'call now'

r 'it leaves its outputs to another process' 0 'The tool said: "early".' '*' "sh -c 'sleep 3 & echo early'" 'call now'
r 'and wrote much before' 0 'The tool said: "300000".' '*' "sh -c 'head -c 300000 /dev/zero | wc -c; sleep 3 &'" 'call now'
if has_pty; then
    printf '#!/bin/sh\nread answer < /dev/tty\necho "$answer"\n' > "$dir/asks" && chmod +x "$dir/asks"
    pty converse -q -m $nova --no-stream --tools "$dir/tools.json" --run-tools "$dir/asks" --tool-timeout 0 "'call now'"
    judge 'it asks on the terminal' 0 'The tool failed: "it wants the terminal, which tools do not have".' ''
else
    skip 'a tool that asks on the terminal: no script(1) of util-linux'
fi
{
    echo 'call again'
    head -c 700000 /dev/zero | tr '\\0' x
} > "$dir/much"
r 'a conversation that grows too large' 255 '' '*bedrock: LIMIT: the request is larger than 1048576 bytes; --max-request raises that' \
    "sh -c 'cat $dir/much'" --max-request 1 -q 'call again'

# ---- Time between turns ----

with '--idle-close 30' 'the connection is gone after the tool' 0 'The tool said: "late".' '*' converse -m $nova \
    --tools "$dir/tools.json" --run-tools "sh -c 'sleep 0.2; echo late'" 'call now'

# ---- Signals ----

rm "$dir/hung"
signalled INT 0.4 converse -m $nova --tools "$dir/tools.json" --run-tools "sh -c 'echo \$\$ > $dir/hung; sleep 100; :'" 'call now'
ok 'interrupted' test "$status" -eq 130
ok 'there was a child' test -s "$dir/hung"
ok 'it is not left' test -z "$(ps -o pid= -g "$(cat "$dir/hung")" 2> /dev/null)"
"$bedrock" converse -m $nova --tools "$dir/tools.json" --run-tools "$dir/tool" "$weather" 2> "$dir/err" > /dev/full
ok 'a full disk' test $? -eq 255

echo "cli_tools.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]

#!/bin/sh
# cli_access.sh - `bedrock models --accessible`, --check and --profiles, and `bedrock access`, against the
# emulator: sh test/cli_access.sh [BEDROCK [EMULATOR]], from the top of the tree.
. test/cli_lib.sh
haiku=anthropic.claude-3-5-haiku-20241022-v1:0      # wants Anthropic's form, and an agreement
sonnet=anthropic.claude-3-7-sonnet-20250219-v1:0    # through a profile only: us.
local4=anthropic.claude-sonnet-4-20250514-v1:0      # likewise: us., global., and one of this Region
command=cohere.command-r-plus-v1:0
pending=emulator.pending-v1:0
refused='is not authorized to perform: bedrock:'
titles='ID *NAME *PROVIDER *INPUT *OUTPUT *STREAMING *STATUS *ACCESS *CALL AS'
reasons="$llama: agreement not accepted
$haiku: agreement not accepted
$pending: agreement is being processed
emulator.agreement-error-v1:0: agreement failed: The payment method of the account was declined.
emulator.not-authorized-v1:0: not authorised in this Region
emulator.not-entitled-v1:0: no entitlement
emulator.not-in-region-v1:0: not available in this Region
emulator.ended-v1:0: end of life since 2025-03-31
emulator.provisioned-v1:0: takes no on-demand calls (provisioned throughput only)"
accessible="$nova
amazon.nova-pro-v1:0
amazon.nova-canvas-v1:0
amazon.titan-embed-text-v2:0
ai21.jamba-1-5-mini-v1:0
anthropic.claude-v2:1
anthropic.claude-3-haiku-20240307-v1:0
us.$sonnet
us-east-1.$local4
$command
us.deepseek.r1-v1:0
mistral.mistral-large-2402-v1:0
stability.sd3-5-large-v1:0
emulator.slow-v1:0
emulator.novel-v1:0"

# lines FILE PATTERN: how many lines match
lines()
{
    grep -c -e "$2" "$dir/$1"
}
# in_json ID: the members that --accessible added to a model's summary, from the last output
in_json()
{
    tr -d '\n' < "$dir/out" | sed "s/{\"modelArn\"/\\
&/g" | grep -F "\"modelId\":\"$1\"" | sed 's/.*\("accessible":.*\)}.*/\1/; s/}\]$//'
}

# later NAME OPTIONS ARGUMENTS...: as `with`, in the background: what takes its time
later()
{
    l_name=$1 l_options=$2
    shift 2
    # shellcheck disable=SC2086
    {
        "$emulator" $l_options -- "$bedrock" "$@" > "$dir/$l_name.out" 2> "$dir/$l_name.err"
        echo $? > "$dir/$l_name.status"
    } &
}
# due NAME STATUS OUT ERR: judges one of these, after `wait`
due()
{
    cp "$dir/$1.out" "$dir/out"
    cp "$dir/$1.err" "$dir/err"
    status=$(cat "$dir/$1.status")
    judge "$1" "$2" "$3" "$4"
}
# stopped OPTIONS ARGUMENTS...: interrupted soon, under an emulator of its own
stopped()
{
    s_options=$1
    shift
    (
        sleep 0.4
        kill -INT "$(cat "$dir/pid")"
    ) &
    # shellcheck disable=SC2086
    "$emulator" $s_options -- sh -c 'echo $$ > "$0"; exec "$@"' "$dir/pid" "$bedrock" "$@" \
        > "$dir/out" 2> "$dir/err"
    status=$?
    wait $!
}

# answered NAME ANSWER ARGUMENTS...: in the background, bedrock on a terminal of its own, where that is typed at
# its question
answered()
{
    a_name=$1 a_answer=$2
    shift 2
    printf 'trap : INT\n"%s" %s\necho $? > "%s"\n' "$bedrock" "$*" "$dir/$a_name.status" > "$dir/$a_name.job"
    : > "$dir/$a_name.err"
    { sleep 0.5; echo "$a_answer"; } |
        "$emulator" --use-case-submitted -- script -qec "sh $dir/$a_name.job" /dev/null |
        tr -d '\r' > "$dir/$a_name.out" &
}
# ---- What takes its time, in the background: judged at the end ----

throttled=GetFoundationModelAvailability/$command
later throttled-twice "--throttle $throttled:2" models --accessible --provider cohere -1
later throttled-always "--throttle $throttled:0" models --accessible --provider cohere
later throttled-always-1 "--throttle $throttled:0" models --accessible -1
later throttled-always-json "--throttle $throttled:0" models --accessible --provider cohere --json
script=$(command -v script) && script -qec true /dev/null < /dev/null > /dev/null 2>&1 || script=
if [ "$script" ]; then
    answered yes y access $haiku --accept
    answered yes-elsewhere YES access $haiku --accept --json '> /dev/null'
    answered no n access $haiku --accept
    answered silence '' access $haiku --accept
    answered Ctrl-C "$(printf '\003')" access $haiku --accept
fi
later accept-too-slowly '' access $pending --accept --yes --timeout 1.5 --json
later accept-fails-still '' access emulator.agreement-error-v1:0 --accept --yes
later slow-check '--slow-control 100' models --accessible -1

# ---- models --accessible ----

t '--accessible -1 is the list to loop over' 0 "$accessible" "$reasons" models --accessible -1
t '--accessible' 0 "$titles$nl$nova *Nova Lite *Amazon *TEXT,IMAGE,VIDEO *TEXT *yes *ACTIVE *yes *$nova$nl*$sonnet *Claude 3.7 Sonnet *yes *us.$sonnet$nl*" \
    "$reasons" models --accessible
ok 'the table has a row a model' test "$(wc -l < "$dir/out")" -eq 16
sed -n '2,$s/.*  //p' "$dir/out" > "$dir/ids"
ok 'CALL AS is what -1 prints' test "$(cat "$dir/ids")" = "$accessible"
ok 'a modality and a status that nobody knows' grep -q 'TEXT,HOLOGRAM .* PREVIEW  *yes ' "$dir/out"
ok 'a legacy model can be called' grep -q '^anthropic.claude-v2:1 .* LEGACY  *yes ' "$dir/out"
t '--accessible -q' 0 "$titles$nl*" '' models --accessible -q
t '--accessible -1 -q' 0 "$accessible" '' models -q1 --accessible
t '--accessible --json' 0 '{"modelSummaries":\[{"modelArn":*}\]}' '' models --accessible --json
ok 'as one line' test "$(wc -l < "$dir/out")" -eq 1
ok 'of all models' test "$(grep -o '"modelId":' "$dir/out" | wc -l)" -eq 24
for m in "$nova true \"\" \"$nova\"" "$sonnet true \"\" \"us.$sonnet\"" \
    "$llama false \"agreement not accepted\" \"$llama\"" \
    'emulator.provisioned-v1:0 false "takes no on-demand calls (provisioned throughput only)" null'; do
    id=${m%% *} rest=${m#* }
    yes=${rest%% *} rest=${rest#* }
    want="\"accessible\":$yes,\"reason\":${rest% *},\"callAs\":${rest##* }"
    ok "$id in JSON: $(in_json "$id")" test "$(in_json "$id")" = "$want"
done
t 'filters' 0 "$command" '' models --accessible --provider COHERE -1
t 'filters: nothing else is asked for' 0 "$command" '*/foundation-model-availability/*' \
    models --accessible --provider cohere -1 -v
ok 'one question' test "$(lines err '^> GET /foundation-model-availability/')" -eq 1
t 'filters, --json' 0 '{"modelSummaries":\[{*"modelId":"emulator.novel-v1:0"*}\]}' '' \
    models --accessible --input hologram --json
t 'filters, none fits' 0 '' 'bedrock: no model fits' models --accessible --provider Nobody
t 'filters, none fits, --json' 0 '{"modelSummaries":\[\]}' '' models --accessible --provider Nobody --json
t 'none accessible' 0 '' "$llama: *${nl}bedrock: none of the 1 models can be called; *" \
    models --accessible --provider Meta
t 'none accessible, -1' 0 '' "$llama: *${nl}bedrock: none of the 1 models can be called; *" \
    models --accessible --provider Meta -1
t 'none accessible, -q' 0 '' '' models --accessible --provider Meta -q
for r in us-west-2:us eu-west-1:eu ap-south-1:apac; do
    with "--region ${r%:*}" "the geography of ${r%:*}" 0 "${r#*:}.$sonnet${nl}${r%:*}.$local4" '*' \
        models --accessible --provider Anthropic --inference inference_profile -1
done
with '--region sa-east-1' 'no geography: the own profile before a global one' 0 "*${nl}a1b2c3d4e5f6${nl}sa-east-1.$local4$nl*" '*' \
    models --accessible -1

# ---- Where it cannot be found out ----

deny='--deny GetFoundationModelAvailability'
with "$deny" 'may not ask' 0 "$titles$nl$nova *[?] *$nova$nl*emulator.provisioned-v1:0 *[?] *-$nl*" \
    "bedrock: which models can be called is not known, so all are listed: AccessDeniedException: *$refused*${nl}emulator.ended-v1:0: end of life since *" \
    models --accessible
ok 'one warning' test "$(wc -l < "$dir/err")" -eq 2
ok 'the plain list' test "$(lines out ' ? ')" -eq 23
with "$deny" 'may not ask, -1' 0 "$nova$nl*${nl}us.$sonnet$nl*$llama*$pending*" \
    'bedrock: *not known, so these are the ids that they would be called by: AccessDenied*' models --accessible -1
ok 'no id is empty' test "$(lines out '^-*$')" -eq 0
with "$deny" 'may not ask, --json' 0 \
    "{*\"modelId\":\"$nova\",*\"accessible\":null,\"reason\":\"the account may not ask *\",\"callAs\":\"$nova\"},{*" \
    'bedrock: which models *' models --accessible --json
with "$deny" 'may not ask, -q' 0 "$nova$nl*" '' models --accessible -1q
deny='--deny ListInferenceProfiles'
with "$deny" 'profiles are not known' 0 "$titles*$sonnet *[?] *-$nl$local4 *[?] *-" \
    "bedrock: the inference profiles are not all known, and models that need one may lack an id: AccessDenied*$refused*${nl}$sonnet: not known: takes no on-demand calls, *" \
    models --accessible --provider Anthropic
with "$deny" 'profiles are not known, -1' 0 \
    "anthropic.claude-v2:1${nl}anthropic.claude-3-haiku-20240307-v1:0" '*' models --accessible --provider Anthropic -1
with "$deny" 'nor for --profiles' 254 '' "bedrock: AccessDeniedException: *${refused}ListInferenceProfiles*hint: *" \
    models --profiles
deny='--deny ListFoundationModels'
with "$deny" 'may not list' 254 '' "bedrock: AccessDeniedException: *${refused}ListFoundationModels*hint: *" \
    models --accessible
with "$deny" 'may not list, --json' 254 '' '{"error":{"code":"AccessDeniedException",*}}' models --accessible --json
for pages in --page-loop --page-endless; do
    with $pages "$pages" 0 "*us.$sonnet$nl*" \
        "bedrock: the inference profiles are not all known*PROTOCOL: *pages do not end$nl*" models --accessible -1
    with $pages "$pages, --profiles" 255 '' 'bedrock: PROTOCOL: ListInferenceProfiles: the pages do not end' \
        models --profiles
done
t 'nobody there' 255 '' 'bedrock: CONNECT: *' models --accessible --endpoint-url http://127.0.0.1:1
AWS_ACCESS_KEY_ID=NOBODY t 'wrong key' 254 '' 'bedrock: UnrecognizedClientException: *' models --accessible

# ---- Many ----

with '--more-models 10000' '10,000 models' 0 "$titles$nl*" '*' models --accessible
ok 'a row each' test "$(wc -l < "$dir/out")" -eq 10016
tail -n +17 "$dir/out" > "$dir/more"
ok 'in the order of the service' sort -c -t- -k2n "$dir/more"
ok 'readable' test "$(awk 'length > 200' "$dir/out" | wc -l)" -eq 0
with '--more-models 10000' '10,000 models, --json' 0 \
    '{"modelSummaries":*"modelId":"emulator.model-10000-v1:0"*"callAs":"emulator.model-10000-v1:0"}\]}' '' \
    models --accessible --json

# ---- models --check ----

t '--check' 0 "$titles *CHECK *LATENCY$nl$nova *yes *$nova *ok *[0-9]*ms$nl*amazon.nova-canvas-v1:0 *IMAGE *yes *-  *-$nl*" \
    "bedrock: --check sends 12 text models a prompt for one token, *$nl$reasons" models --check
ok 'twelve were asked' test "$(lines out ' ok  *[0-9]*ms$')" -eq 12
t '--check asks for one token' 0 '*' '*> POST /model/cohere.command-r-plus-v1%3A0/converse *' \
    models --check --provider cohere -v
ok 'and nothing else' test "$(lines err '^> POST ')" -eq 1
with "--deny Converse/$command" '--check fails' 0 "$titles*$nl$command *no *$command *AccessDeniedException *-" \
    "bedrock: --check sends 1 text model a prompt *$nl$command: AccessDeniedException: *$refused*" \
    models --check --accessible --provider cohere
with "--deny Converse/$command" '--check fails, -1' 0 '' "*$command: AccessDenied*none of the 1 models can be called*" \
    models --check --provider cohere -1
with "--throttle Converse/$command:0" '--check fails, --json' 0 \
    '{*"accessible":false,"reason":"ThrottlingException: Rate exceeded","callAs":"'$command'","check":{"ok":false,"error":{"code":"ThrottlingException","message":"Rate exceeded","httpStatus":429,*"retryable":true,"hint":"*"}}}\]}' \
    'bedrock: --check sends 1 *' models --check --provider cohere --json
t '--check --json' 0 "{*\"callAs\":\"$nova\",\"check\":{\"ok\":true,\"latencyMs\":*}},{*\"callAs\":\"amazon.nova-canvas-v1:0\",\"check\":null},{*" \
    'bedrock: --check sends 2 *' models --check --provider amazon --json
t '--check of none' 0 '*' '' models --check --output IMAGE -1
t '--check -q' 0 "$nova$nl*" '' models --check -q1
with '--deny GetFoundationModelAvailability' '--check tells where nobody may ask' 0 \
    "emulator.slow-v1:0${nl}emulator.novel-v1:0" \
    "bedrock: which models can be called is not known, so all text models are asked: *${nl}bedrock: --check sends 7 *$nl$pending: AccessDenied*" \
    models --check --provider emulator -1

# ---- models --profiles ----

t '--profiles' 0 "ID *NAME *TYPE *MODELS *REGIONS${nl}us.$nova *US Nova Lite *SYSTEM_DEFINED *$nova *us-east-1,us-east-2,us-west-2$nl*global.$local4 *$local4 *us-east-1$nl*a1b2c3d4e5f6 *team-sonnet *APPLICATION *$sonnet *" \
    '' models --profiles
ok 'both types' test "$(wc -l < "$dir/out")" -eq 11
t '--profiles -1' 0 "us.$nova$nl*${nl}f6e5d4c3b2a1" '' models --profiles -1
t '--profiles --json' 0 "{\"inferenceProfileSummaries\":\[{*\"inferenceProfileId\":\"us.$nova\"*\"type\":\"APPLICATION\"}\]}" '' \
    models --profiles --json
bad '--profiles and a filter' '--profiles lists inference profiles; the filters are for models' \
    models --profiles --provider Amazon
bad '--profiles and --active' '--profiles *' models --profiles --active
bad '--profiles and --accessible' '--profiles lists *; --accessible and --check are for models' \
    models --profiles --accessible
bad '--profiles and --check' '--profiles *' models --profiles --check
t '--accessible -1 --json' 252 '' '{"error":{"code":"USAGE",*}}' models --accessible -1 --json

# ---- Lists that nobody should send ----

odd()
{
    t_name=$1 t_status=$2 t_out=$3 t_err=$4
    shift 4
    AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$dir/port") "$bedrock" "$@" > "$dir/out" 2> "$dir/err"
    status=$?
    judge "$t_name" "$t_status" "$t_out" "$t_err"
}
if command -v node > /dev/null && mkfifo "$dir/hold"; then
    node test/cli_odd.mjs < "$dir/hold" > "$dir/port" &
    exec 3> "$dir/hold"
    while ! [ -s "$dir/port" ]; do sleep 0.05; done
    odd 'odd models' 0 "$titles$nl- *Nameless *- *- *TEXT *- *- *[?] *-${nl}odd.bare-v1 *- *- *- *- *- *- *yes *odd.bare-v1$nl*" \
        '-: not known: *without an id*' models --accessible
    ok 'a value of another type, as it came' grep -q '^odd.types-v1  *7  *-  *TEXT  *1,TEXT,  *-  *-  *yes ' "$dir/out"
    ok 'controls are shown' grep -q '^odd.\\x1b\[31mred  *line\\x0abreak ' "$dir/out"
    ok 'a long id moves its own row only' test "$(grep '^odd.bare-v1' "$dir/out" | wc -c)" -lt 280
    ok 'a word that nobody knows' grep -q '^odd.word-v1: authorizationStatus is .*BY_LETTER' "$dir/err"
    ok 'no word at all' grep -q '^odd.silent-v1: not known: .* is not told$' "$dir/err"
    ok 'no way that we know' grep -q '^odd.telepathy-v1: takes no on-demand calls' "$dir/err"
    odd 'odd models, -1' 0 "odd.bare-v1${nl}odd.types-v1${nl}odd.\\\\x1b\[31mred${nl}odd.silent-v1${nl}odd.longlong*" '*' \
        models --accessible -1
    odd 'odd models, --json' 0 '{"modelSummaries":\[{"modelName":"Nameless","outputModalities":\["TEXT"\],"accessible":null,"reason":"the service lists it without an id","callAs":null},*{"modelId":"odd.types-v1",*"accessible":"theirs","accessible":true,*{"accessible":null,*}\]}' '' \
        models --accessible --json
    odd 'odd models, the plain list' 0 'ID *INFERENCE *STATUS*odd.telepathy-v1 *TELEPATHY *-*' '' models
    odd 'odd profiles' 0 "ID *REGIONS${nl}global.odd *- *SYSTEM_DEFINED *odd.a *-${nl}xx.odd *Two *NOVEL *odd.a,odd.b,no ARN *xx-1,xx-2${nl}none.odd *- *- *- *-$nl- *" '' \
        models --profiles
    odd 'an odd model' 1 "*authorization *BY_LETTER$nl*lifecycle *OK$nl*accessible *no: *" '' access odd.word-v1
    odd 'a silent model' 1 "*agreement *not told$nl*accessible *not known: *" '' access odd.silent-v1
    odd 'errors that pass while it waits' 0 '*agreement *NOT_AVAILABLE*offer *-*terms *-*DIMENSION *' \
        "bedrock: odd.agreed-v1: agreement PENDING, authorization AUTHORIZED${nl}bedrock: odd.agreed-v1: agreement AVAILABLE, *can be called*" \
        access odd.agreed-v1 --accept --yes --timeout 8
    odd 'no offer' 254 '*' 'bedrock: SERVICE: there is no offer for odd.offerless-v1' access odd.offerless-v1 --accept -y
    odd 'an offer without a token' 255 '*offer *offer-1*' 'bedrock: PROTOCOL: the offer has no token' \
        access odd.tokenless-v1 --accept -y
    exec 3>&-
else
    skip 'odd lists: no node'
fi

# ---- access ----

fine="agreement *OK${nl}authorization *OK${nl}entitlement *OK${nl}region *OK"
t 'access' 0 "model *$nova$nl$fine${nl}lifecycle *OK${nl}call as *$nova${nl}accessible *yes" '' access $nova
t 'access, a profile' 0 "model *$sonnet${nl}profile *us.$sonnet$nl$fine*${nl}use case *not submitted; Anthropic wants *put-use-case-for-model-access*${nl}call as *us.$sonnet${nl}accessible *yes, unless the form is asked for" '' \
    access us.$sonnet
for m in arn:aws:bedrock:us-east-1::foundation-model/$nova us.$nova f6e5d4c3b2a1 \
    arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/f6e5d4c3b2a1; do
    t "access $m" 0 "model *$nova$nl*${nl}call as *${m#*foundation-model/}${nl}accessible *yes" '' access $m
done
with --use-case-submitted 'access, form submitted' 0 "*${nl}use case *OK$nl*accessible *yes" '' access us.$sonnet
with '--deny GetUseCaseForModelAccess' 'access, form not known' 0 "*${nl}use case *not known: AccessDenied*$refused*" '' \
    access us.$sonnet
t 'access, agreement missing' 1 "*agreement *NOT_AVAILABLE: not accepted yet$nl*${nl}accessible *no: agreement not accepted$nl${nl}offer *offer-pub*${nl}terms *https://example.com/terms/eula.pdf${nl}refund *Usage is not refunded.${nl}period *P1Y${nl}DIMENSION *PRICE *UNIT *DESCRIPTION${nl}InputTokenCount *0.00072 *1K tokens *Input tokens$nl*offer *offer-prv*" \
    "hint: \`bedrock access $llama --accept --offer ID\` accepts one of the offers" access $llama
offer=$(sed -n 's/^offer *\(offer-prv.*\)/\1/p' "$dir/out")
t 'access, form missing' 1 "*agreement *NOT_AVAILABLE*use case *not submitted; *offer-pub*" "hint: \`bedrock access $haiku --accept\` accepts the offer" access $haiku
t 'access, pending' 1 "*agreement *PENDING: accepted, and being processed$nl*accessible *no: agreement is being processed" '' \
    access $pending
t 'access, error' 1 '*agreement *ERROR: it could not be made: The payment method of the account was declined.*offer-pub*' 'hint: *--accept*' \
    access emulator.agreement-error-v1:0
t 'access, not authorized' 1 '*authorization *NOT_AUTHORIZED: the account is not authorised for it in this Region*' '' \
    access emulator.not-authorized-v1:0
t 'access, not entitled' 1 '*entitlement *NOT_AVAILABLE: the account has no entitlement to it*' '' \
    access emulator.not-entitled-v1:0
t 'access, not here' 1 '*region *NOT_AVAILABLE: not to be had in this Region*' '' access emulator.not-in-region-v1:0
t 'access, ended' 1 '*lifecycle *LEGACY: ended 2025-03-31*accessible *no: end of life since 2025-03-31' '' \
    access emulator.ended-v1:0
t 'access, legacy' 0 '*lifecycle *OK, LEGACY*accessible *yes*' '' access anthropic.claude-v2:1
t 'access, provisioned' 1 '*call as *nothing: no on-demand calls, *accessible *no: takes no on-demand calls*' '' \
    access emulator.provisioned-v1:0
t 'access, no such model' 254 '' "bedrock: SERVICE: us-east-1 has no model and no inference profile 'nothing'${nl}hint: \`bedrock models\` *" \
    access nothing
t 'access, no such model, --json' 254 '' '{"error":{"code":"SERVICE",*}}' access nothing --json
with '--deny GetFoundationModelAvailability' 'access, may not ask' 254 '*agreement *not told*call as *accessible *not known: *' "bedrock: AccessDeniedException: *$refused*" access $nova
with '--deny ListFoundationModelAgreementOffers' 'access, may not see offers' 254 '*accessible *no: agreement not accepted' \
    "bedrock: AccessDeniedException: *${refused}ListFoundationModelAgreementOffers*" access $llama
with '--deny ListInferenceProfiles' 'access, may not see profiles' 254 '' 'bedrock: AccessDeniedException: *' access us.$nova
t 'access --json' 0 "{\"modelId\":\"$nova\",\"inferenceProfileId\":\"us.$nova\",\"accessible\":true,\"reason\":\"\",\"callAs\":\"us.$nova\",\"availability\":{\"modelId\":\"$nova\",*},\"modelLifecycle\":{\"status\":\"ACTIVE\"},\"useCaseSubmitted\":null,\"offers\":null,\"acceptedOfferId\":null}" '' \
    access us.$nova --json
t 'access --json, agreement missing' 1 "{\"modelId\":\"$haiku\",\"inferenceProfileId\":null,\"accessible\":false,\"reason\":\"agreement not accepted\",*\"useCaseSubmitted\":false,\"offers\":\[{\"offerId\":*}\],\"acceptedOfferId\":null}" '' \
    access $haiku --json

# ---- access --accept ----

with '' 'accept' 0 '*agreement *NOT_AVAILABLE*' \
    "bedrock: $llama: agreement AVAILABLE, authorization AUTHORIZED${nl}bedrock: $llama can be called: -m $llama" \
    access $llama --accept --yes --offer "$offer"
with '' 'accept --json' 0 "{*\"accessible\":true,*\"agreementAvailability\":{\"status\":\"AVAILABLE\"}*\"acceptedOfferId\":\"$offer\"}" '' \
    access $llama --accept -yq --offer "$offer" --json
t 'several offers' 252 '*offer *offer-pub*' "bedrock: USAGE: $llama has 2 offers, name one of them: --offer ID, which is offer-pub*, $offer" \
    access $llama --accept --yes
t 'no such offer' 252 '*' "bedrock: USAGE: $llama has no offer 'none'; there is offer-pub*" access $llama --accept --yes --offer none
t 'nothing to accept' 0 '*accessible *yes' "bedrock: there is nothing to accept for $nova" access $nova --accept --yes
t 'nothing to accept, not accessible' 1 '*NOT_AUTHORIZED*' 'bedrock: there is nothing to accept *' \
    access emulator.not-authorized-v1:0 --accept --yes
t 'accept, form missing' 254 '*use case *not submitted*' 'bedrock: FTUFormNotFilled: *hint: Anthropic wants its use-case form *' \
    access $haiku --accept --yes
with '--use-case-submitted --deny CreateFoundationModelAgreement' 'accept, may not' 254 '*' \
    "bedrock: AccessDeniedException: *${refused}CreateFoundationModelAgreement*" access $haiku --accept --yes
stopped '' access $pending --accept --yes
judge 'accept, interrupted' 130 '*agreement *PENDING*' "bedrock: $pending: agreement PENDING, *"
stopped '--slow-control 5000' models --accessible
judge '--accessible, interrupted' 130 '' ''

bad 'no model' 'no model: bedrock access MODEL' access
bad 'two models' 'access takes one model, not 2 words' access $nova $llama
bad 'an empty model' 'the model is empty' access ''
for option in --yes '--offer x' '--timeout 3'; do
    # shellcheck disable=SC2086
    bad "$option alone" "${option% *} belongs to --accept" access $nova $option
done
bad '--timeout' "--timeout takes seconds from 0 to *, not 'soon'" access $nova --accept --yes --timeout soon
if command -v setsid > /dev/null; then
    setsid "$bedrock" access $nova --accept > "$dir/out" 2> "$dir/err"
    status=$?
    judge 'no terminal' 252 '' 'bedrock: USAGE: --accept asks for a confirmation, and there is no terminal; --yes goes without'
else
    skip 'no terminal: no setsid(1)'
fi

# ---- Hints ----

t 'access denied names the command' 254 '' "*hint: \`bedrock access emulator.not-authorized-v1:0\` says what is missing *" \
    converse -m emulator.not-authorized-v1:0 hi
t 'the form' 254 '' '*hint: Anthropic wants its use-case form *put-use-case-for-model-access*' converse -m $haiku hi
t 'end of life' 254 '' '*hint: `bedrock models --active` *' converse -m emulator.ended-v1:0 hi

# ---- What took its time ----

wait
due throttled-twice 0 "$command" ''
due throttled-always 0 "$titles*$nl$command *[?] *$command" "$command: not known: ThrottlingException: Rate exceeded"
due throttled-always-1 0 "$accessible" "*$command: not known: *"
ok 'and the reasons of the others' test "$(lines err ': not known: ')" -eq 1 -a "$(wc -l < "$dir/err")" -eq 10
due throttled-always-json 0 '{*"accessible":null,"reason":"ThrottlingException: Rate exceeded","callAs":"'$command'"}\]}' ''
due slow-check 0 "$accessible" "$reasons"
due accept-too-slowly 255 "{\"modelId\":\"$pending\",*\"accessible\":false,*\"PENDING\"*}" \
    "bedrock: $pending: agreement PENDING, authorization AUTHORIZED$nl{\"error\":{\"code\":\"TIMEOUT\",\"message\":\"$pending cannot be called yet after 1.500 s: agreement PENDING, *"
due accept-fails-still 254 '*agreement *ERROR: *offer-pub*' \
    'bedrock: emulator.agreement-error-v1:0: agreement ERROR, *bedrock: SERVICE: the agreement for emulator.agreement-error-v1:0 failed: The payment *'
if [ "$script" ]; then
    question="Accept offer offer-pub* for $haiku, with the terms at https://example.com/terms/eula.pdf[?] \[y/N\] "
    due yes 0 "*terms *https://*0.00072*$question*bedrock: $haiku can be called: *" ''
    ok 'the offer is shown once' test "$(lines out '^offer ')" -eq 1
    due yes-elsewhere 0 "offer *offer-pub*0.00072*$question*can be called*" ''
    due no 1 "*$question*bedrock: not accepted; nothing was changed*" ''
    due silence 1 '*bedrock: not accepted; *' ''
    due Ctrl-C 130 "*$question*" ''
else
    skip 'on a terminal: no script(1) of util-linux'
fi

echo "cli_access.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]

#!/bin/sh
# emulator_creds.sh - the services of bedrock-emulator that give credentials, asked by the library's halves, and
# by hand where they must refuse: sh test/emulator_creds.sh [BEDROCK [EMULATOR]], from the top of the tree.
. test/cli_lib.sh
. test/creds_lib.sh
client=./test/creds_client

# gives OPTIONS OUT ARGUMENTS...: what the client prints under an emulator with these options
gives()
{
    g_options=$1 g_out=$2
    shift 2
    # shellcheck disable=SC2086
    out=$("$emulator" $g_options -- "$client" "$@" 2> "$dir/err")
    # shellcheck disable=SC2254
    case $out in
    $g_out) pass ;;
    *) fail "$g_options, $*: $out $(cat "$dir/err")" ;;
    esac
}

# ---- Instances ----

gives '--play imds' 'keys ASIA for 21[56]?? s, Bedrock 200' imds
gives '--play imds --expire-in 400' 'keys ASIA for [34]?? s, Bedrock 200' imds
gives '--play imds --region eu-west-1' 'Region eu-west-1' region
gives '--play container' 'CONFIG: instance metadata is off' imds
gives '--play imds --creds-fault imds-token=status-403' 'CONFIG: *is switched off (HTTP 403)' imds
gives '--play imds --creds-fault imds-token=never' 'TIMEOUT: no answer in time' imds
gives '--play imds --creds-fault imds-token=html' 'CONFIG: *no session token' imds
gives '--play imds --creds-fault imds=slow-100' 'keys ASIA for 21[56]?? s, Bedrock 200' imds
gives '--play imds --creds-fault imds=status-401' 'CONFIG: *answered HTTP 401' imds
gives '--play imds --creds-fault imds=flaky-2' 'CONFIG: *answered HTTP 500' imds
gives '--play imds --creds-fault imds=html' 'CONFIG: *no name of a role' imds
gives '--play imds --creds-fault imds=empty' 'CONFIG: *has no role for this instance' imds
gives '--play imds --creds-fault imds=no-role' 'CONFIG: *has no role for this instance (HTTP 404)' imds
gives '--play imds --creds-fault imds=huge' 'LIMIT: *' imds
gives '--play imds --creds-fault imds=code' \
    'CONFIG: the instance metadata service: AssumeRoleUnauthorizedAccess: EC2 cannot assume *' imds
gives '--play imds --creds-fault imds=expired' 'keys ASIA for -60? s, Bedrock 200' imds
gives '' '401 *' raw GET /latest/meta-data/iam/security-credentials/ ''
gives '--imds-v1' '200 emulator' raw GET /latest/meta-data/iam/security-credentials/ ''
gives '' '401 *' raw GET /latest/meta-data/placement/region '' X-aws-ec2-metadata-token no
gives '' '400 *' raw PUT /latest/api/token ''
gives '' '400 *' raw PUT /latest/api/token '' X-aws-ec2-metadata-token-ttl-seconds 21601
gives '' '403 *' raw PUT /latest/api/token '' X-aws-ec2-metadata-token-ttl-seconds 60 X-Forwarded-For 10.0.0.1
gives '' '200 AQAE*' raw PUT /latest/api/token '' X-aws-ec2-metadata-token-ttl-seconds 60

# ---- Containers ----

gives '--play container' 'keys ASIA for 21[56]?? s, Bedrock 200' container
gives '--play container --creds-fault container=garbage' 'CONFIG: *not a JSON object' container
gives '--play container --creds-fault container=status-404' 'CONFIG: *answered HTTP 404' container
gives '--play container --creds-fault container=expired' 'CONFIG: *the keys expired at *' container
gives '' '401 {"code":"Unauthorized","message":"No Authorization."}' raw GET /creds ''
gives '' '401 {"code":"Unauthorized","message":"This is not the token."}' raw GET /creds '' Authorization no

# ---- Roles ----

gives '' 'keys ASIA for 3[56]?? s, Bedrock 200' sts arn=$role/emulator session=me
gives '' 'keys ASIA for [89]?? s, Bedrock 200' sts arn=$role/emulator session=me duration=900
gives '' '*HTTP 403*AccessDenied*' sts arn=$role/denied session=me
gives '' '*HTTP 403*AccessDenied*' sts arn=$role/external session=me
gives '' '*HTTP 403*AccessDenied*' sts arn=$role/external session=me external=other
gives '' 'keys ASIA*' sts arn=$role/external session=me external=emulator-external-id
gives '' '*HTTP 403*AccessDenied*' sts arn=$role/mfa session=me
gives '' '*HTTP 403*AccessDenied*pass code*' sts arn=$role/mfa session=me \
    serial=$mfa code=654321
gives '' 'keys ASIA*' sts arn=$role/mfa session=me serial=$mfa code=123456
gives '' '*HTTP 400*ValidationError*' sts arn=arn:aws:iam::999999999999:role/x session=me
gives '' 'keys ASIA*' sts arn=$role/emulator session=me web=emulator.web.identity
gives '' '*ExpiredTokenException*' sts arn=$role/emulator session=me web=expired.web.identity
gives '' '*InvalidIdentityToken*' sts arn=$role/emulator session=me web=a.b.c
gives '--creds-fault sts=idp-1' '*IDPCommunicationError*' sts arn=$role/emulator session=me \
    web=emulator.web.identity
gives '' "$account arn:aws:iam::$account:user/emulator" sts
gives '--play container' "$account arn:aws:sts::$account:assumed-role/emulator/container" with
gives '--play container' 'keys ASIA*' with arn=$role/emulator session=me
gives '--secret-access-key other' '*SignatureDoesNotMatch*' sts arn=$role/emulator session=me
gives '--access-key-id other' '*InvalidClientTokenId*' sts
gives '--clock-offset 600' '*SignatureDoesNotMatch*Signature expired*' sts
gives '--clock-offset -600' '*SignatureDoesNotMatch*not yet current*' sts
gives '' '403 *<Code>MissingAuthenticationToken</Code>*' raw POST / 'Action=GetCallerIdentity&Version=2011-06-15' \
    Content-Type application/x-www-form-urlencoded
gives '' '400 *<Code>InvalidAction</Code>*' raw POST / 'Action=GetCallerIdentity&Version=2011-06-15'

# ---- IAM Identity Center ----

portal="/federation/credentials?role_name=R&account_id=$account"
gives '' '200 {"roleCredentials":{"accessKeyId":"ASIA*","secretAccessKey":"*","sessionToken":"*","expiration":*000}}' \
    raw GET "$portal" '' x-amz-sso_bearer_token emulator-sso-token
gives '' '401 *Session token not found or invalid*' raw GET "$portal" ''
gives '' '401 *' raw GET "$portal" '' x-amz-sso_bearer_token emulator-sso-token-1
gives '' '403 *No access*' raw GET "/federation/credentials?account_id=$account&role_name=denied" '' \
    x-amz-sso_bearer_token emulator-sso-token
gives '' '403 *No access*' raw GET '/federation/credentials?account_id=1&role_name=R' '' \
    x-amz-sso_bearer_token emulator-sso-token
gives '' '400 *are needed*' raw GET /federation/credentials '' x-amz-sso_bearer_token emulator-sso-token

# oidc OUT MEMBERS
oidc()
{
    gives '' "$1" raw POST /token "{$2,\"grantType\":\"refresh_token\"}" Content-Type application/json
}
client_id='"clientId":"emulator-client","clientSecret":"emulator-client-secret"'
oidc '200 {"accessToken":"emulator-sso-token-1","tokenType":"Bearer","expiresIn":28800,"refreshToken":"emulator-refresh-2"}' \
    "$client_id,\"refreshToken\":\"emulator-refresh\""
oidc '200 *"emulator-refresh-once-2"*' "$client_id,\"refreshToken\":\"emulator-refresh-once\""
oidc '400 {"error":"invalid_grant",*' "$client_id,\"refreshToken\":\"emulator-refresh-1\""
oidc '401 {"error":"invalid_client",*' '"clientId":"emulator-client","refreshToken":"emulator-refresh"'
gives '' '400 {"error":"invalid_request",*' raw POST /token '{}'

# ---- aws login ----

gives '' '200 {"accessToken":{"accessKeyId":"ASIA*","secretAccessKey":"*","sessionToken":"*"},"tokenType":"aws_sigv4","expiresIn":900,"refreshToken":"emulator-login-1"}' \
    signin emulator-login
gives '--expire-in 60' '200 *"expiresIn":60,*' signin emulator-login
for wrong in method:htm url:htu time:iat signature:signature; do
    gives '' "400 {\"error\":\"INVALID_REQUEST\",\"message\":\"DPoP: *${wrong#*:}*\"}" signin emulator-login "${wrong%:*}"
done
gives '' "200 *400 *this jti was used before*" signin emulator-login again
gives '' '403 {"error":"TOKEN_EXPIRED",*' signin emulator-login-expired
gives '' '403 {"error":"USER_CREDENTIALS_CHANGED",*' signin emulator-login-changed
gives '' '403 {"error":"INSUFFICIENT_PERMISSIONS",*' signin emulator-login-denied
gives '' '400 *not a refresh token*' signin something
gives '' '400 *this is not a client*' raw POST /v1/token '{}'
gives '' '400 *no such header*' raw POST /v1/token \
    '{"clientId":"arn:aws:signin:::devtools/same-device","grantType":"refresh_token","refreshToken":"emulator-login"}'

# ---- Keys that are not what they were ----

gives '--play container' 'CONFIG: Bedrock answered HTTP 403: *The security token included in the request is invalid.' \
    tokenless
gives '--play container' 'CONFIG: Bedrock answered HTTP 403: *signature we calculated does not match*' wrong-secret
gives '--play container --expire-in 5' 'keys ASIA for [45] s, *' container

# ---- The command line ----

for option in '--play imds,moon' '--play' '--creds-fault imds' '--creds-fault imds=ill' '--creds-fault moon=html' \
    '--creds-fault imds=slow' '--creds-fault imds=status-99' '--creds-fault imds=html-3' '--expire-in x' \
    '--clock-offset 1x' '--clock-offset'; do
    # shellcheck disable=SC2086
    "$emulator" $option > "$dir/out" 2> "$dir/err"
    ok "$option is refused" [ $? -eq 252 ]
done
printed=$(AWS_EC2_METADATA_DISABLED='' "$emulator" --play sts -- sh -c 'echo $AWS_ROLE_ARN,$AWS_ACCESS_KEY_ID')
ok '--play exports a role and no keys' [ "$printed" = "$role/emulator," ]
printed=$(unset AWS_EC2_METADATA_DISABLED; "$emulator" -- sh -c 'echo $AWS_EC2_METADATA_DISABLED,$AWS_ACCESS_KEY_ID')
ok 'instances are off, keys are there' [ "$printed" = 'true,AKIDEXAMPLE' ]
"$emulator" -v --play container -- "$client" container > "$dir/out" 2> "$dir/err"
ok '-v says when' grep -q '^bedrock-emulator: +[0-9]* ms #1 connected$' "$dir/err"
ok '-v says what' grep -q '^bedrock-emulator: +[0-9]* ms #1.1 GET /creds 200$' "$dir/err"
ok '-v shows no secret' sh -c "! grep -q 'IQoJ\|container-token' '$dir/err'"

echo "emulator_creds.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]

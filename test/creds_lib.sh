# creds_lib.sh - what the tests of credentials share, read behind cli_lib.sh: who the emulator knows, profiles,
# and files as `aws sso login` and `aws login` leave them.
account=123456789012
role=arn:aws:iam::$account:role
mfa=arn:aws:iam::$account:mfa/emulator
secret=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
start=https://corp.awsapps.com/start

# common_profiles: those that more than one test uses; the profile `keys` is the test's own
common_profiles()
{
    cat << END
[profile denied]
role_arn = $role/denied
source_profile = keys
[profile mfa]
role_arn = $role/mfa
source_profile = keys
mfa_serial = $mfa
[profile loop]
role_arn = $role/one
source_profile = pool
[profile pool]
role_arn = $role/one
source_profile = loop
[profile login]
login_session = arn:aws:iam::$account:user/me
END
}
# sso_profile PROFILE SESSION
sso_profile()
{
    printf '[profile %s]\nsso_session = %s\nsso_account_id = %s\nsso_role_name = Reader\n' "$1" "$2" "$account"
    printf '[sso-session %s]\nsso_region = us-east-1\nsso_start_url = %s\n' "$2" "$start"
}
# sso_file FILE UNTIL [REFRESH-TOKEN]
sso_file()
{
    printf '{"accessToken":"emulator-sso-token","expiresAt":"%s",%s"clientId":"emulator-client",' \
        "$2" "${3:+\"refreshToken\":\"$3\",}" > "$1"
    printf '"clientSecret":"emulator-client-secret","registrationExpiresAt":"2099-01-01T00:00:00Z","note":"stays"}' \
        >> "$1"
}
# login_file FILE UNTIL REFRESH-TOKEN DPOP-KEY
login_file()
{
    printf '{"accessToken":{"accessKeyId":"AKIDEXAMPLE","secretAccessKey":"%s",%s"accountId":"%s","expiresAt":"%s"},' \
        "$secret" '"sessionToken":"emulator-login-session",' "$account" "$2" > "$1"
    printf '"clientId":"arn:aws:signin:::devtools/same-device","refreshToken":"%s","dpopKey":"%s"}' "$3" "$4" >> "$1"
}
# printed_keys: as a credential_process prints them
printed_keys()
{
    printf '{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"%s"}' "$secret"
}

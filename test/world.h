/* world.h - a world of its own for credentials: files, the services that give them, a clock, and a client
 * that lives there. See world.c. */
#ifndef WORLD_H
#define WORLD_H

#include "bedrock_int.h"
#include "exchange.h"
#include "files.h"

#define NOW_S 1767323045            /* 2026-01-02T03:04:05Z */
#define SOON "2026-01-02T03:07:00Z" /* less than five minutes */
#define LATER "2026-01-02T04:04:05Z"
#define PAST "2026-01-02T03:00:00Z"
#define MAX_STEPS 100000

/* ---- What services answer ---- */

#define IMDS "http://169.254.169.254/latest/"
#define IMDS_KEYS IMDS "meta-data/iam/security-credentials/"
#define ECS "http://169.254.170.2/creds"
#define STS "https://sts.us-east-1.amazonaws.com"
#define OIDC "https://oidc.eu-west-1.amazonaws.com/token"
#define PORTAL \
    "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=Reader" \
    "&account_id=123456789012"
#define SIGNIN "https://us-east-1.signin.aws.amazon.com/v1/token"
#define SECRET "fetched/secret+key"

#define JSON(id, until) \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"" SECRET \
    "\",\"Token\":\"fetched-token\",\"Expiration\":\"" until "\"}"
#define XML(action, id, until) \
    "<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" \
    "<" action "Result><Credentials>" \
    "<AccessKeyId>" id "</AccessKeyId><SecretAccessKey>" SECRET "</SecretAccessKey>" \
    "<SessionToken>fetched-token</SessionToken><Expiration>" until "</Expiration></Credentials>" \
    "</" action "Result></" action "Response>"
#define REFUSAL(code, text) \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" text \
    "</Message></Error></ErrorResponse>"
#define PORTAL_JSON(id, until_ms) \
    "{\"roleCredentials\":{\"accessKeyId\":\"" id "\",\"secretAccessKey\":\"" SECRET \
    "\",\"sessionToken\":\"fetched-token\",\"expiration\":" until_ms "}}"
#define LATER_MS "1767326645000"

#define TOKEN {"PUT", IMDS "api/token", NULL, 200, "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n", \
    "imds-token"}
#define ROLE {"GET", IMDS_KEYS, NULL, 200, NULL, "emulator"}
#define ROLE_KEYS(id, until) {"GET", IMDS_KEYS "emulator", NULL, 200, NULL, JSON(id, until)}
#define PLACE(region) {"GET", IMDS "meta-data/placement/region", NULL, 200, NULL, region}
#define CONTAINER(status, reply) {"GET", ECS, NULL, status, NULL, reply}
#define ASSUME(role, status, reply) \
    {"POST", STS, \
     "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F" role "&", \
     status, NULL, reply}
#define WEB(status, reply) {"POST", STS, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&", status, \
    NULL, reply}
#define ASSUMED(role, id) ASSUME(role, 200, XML("AssumeRole", id, LATER))
#define END {NULL, NULL, NULL, 0, NULL, NULL}
#define LIST(...) ((const struct exchange[]){__VA_ARGS__, END})
#define NOBODY ((const struct exchange[]){END})

/* ---- What is on disk ---- */

/* The names are SHA-1 of "corp" and of the start URL, and SHA-256 of the session's ARN. */
#define SSO_FILE "/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
#define OLD_SSO_FILE "/.aws/sso/cache/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json"
#define LOGIN_FILE "/.aws/login/cache/286187707741fc2ccb93cf9e56dbd0ee0a16208feed5fbc8ae1baa86d44c283f.json"
#define START_URL "https://corp.awsapps.com/start"

#define SSO_CACHE(until) \
    "{\"startUrl\":\"" START_URL "\",\"accessToken\":\"sso-access-token\",\"expiresAt\":\"" until "\"," \
    "\"refreshToken\":\"sso-refresh-token\",\"clientId\":\"sso-client\"," \
    "\"clientSecret\":\"sso-client-secret\"," \
    "\"registrationExpiresAt\":\"2026-03-01T00:00:00Z\",\"note\":\"stays\"}"
#define LOGIN_CACHE(until) \
    "{\"accessToken\":{\"accessKeyId\":\"LOGINKEY\",\"secretAccessKey\":\"" SECRET "\"," \
    "\"sessionToken\":\"fetched-token\",\"accountId\":\"123456789012\",\"expiresAt\":\"" until "\"}," \
    "\"clientId\":\"arn:aws:signin:::devtools/same-device\",\"refreshToken\":\"login-refresh-token\"," \
    "\"dpopKey\":\"-----BEGIN EC PRIVATE KEY-----\\n" \
    "MHcCAQEEIJvtfaFkkvIGzqeYaP8konAefsBASa1UwjxPKRKILyTsoAoGCCqGSM49\\n" \
    "AwEHoUQDQgAEv4PSn/rSjQhDQ8g551gV/iiEEeqXdfQQ26XhG277Y0puubNH/RHe\\n" \
    "NNxb60UZulwBz2o/y4nbeVvIgpgduqHgKg==\\n-----END EC PRIVATE KEY-----\\n\"}"

#define ARN "arn:aws:iam::123456789012:role/"
#define KEYS "aws_access_key_id = STATICKEY\naws_secret_access_key = static-secret-key\n"

/* All that is in /home/.aws/config. */
extern const char world_config[];

/* Variables, and a file beside that one. */
#define HOME "HOME", "/home"
#define AT_ECS "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/creds"
#define SSO_ON_DISK(text) {{"/home" SSO_FILE, text, 0, 0}}

/* ---- A client of such a world ---- */

struct world {
    struct files files;
    struct exchanges x;
    struct t_heap heap;
    int64_t ms, tick;           /* since NOW_S; what each look at the clock adds */
    struct bedrock_options o;
    struct bedrock *b;
    struct bedrock_error err;   /* of the last call */
    struct bedrock_buffer trace;
    const char *code;           /* what the MFA device shows; NULL: nobody is there */
    int asked;                  /* for such codes */
};

void world_init(struct world *w, const char *const *env, const struct files_file *file,
                const struct exchange *list);

/* Nothing may be left, nor any secret shown. */
void world_end(struct world *w);

/* Start a call; go on to its end; both; and with opening the client: the call's code, its error in w->err. */
int world_start(struct world *w, int deadline_ms, struct bedrock_call **c);
int world_finish(struct world *w, struct bedrock_call *c);
int world_ask(struct world *w);
int world_open_and_ask(struct world *w);

/* Was a request to Bedrock signed with this key? */
int world_signed_by(const struct world *w, const char *id);

/* All that was to be asked was, and nothing else. */
void world_check_list(const struct world *w);

#endif

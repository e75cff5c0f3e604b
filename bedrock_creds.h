/*
 * bedrock_creds.h - where settings and credentials come from: files, environment, providers. A provider says
 * which request to send and reads the answer; who carries it is in bedrock_int.h, of which this is part. Not
 * installed, not an API.
 */
#ifndef BEDROCK_CREDS_H
#define BEDROCK_CREDS_H

#include "bedrock_pure.h"

/* ---- config.c: settings from options, environment and profile ------------------------------ */

/* Where a setting came from. */
struct bdk_from {
    const char *what;   /* "option", a variable, a profile's key, "instance metadata"; NULL: it is our own */
    const char *file;   /* of the profile; NULL: from somewhere else */
    unsigned line;
};

/* What bedrock_open() found. */
struct bdk_config {
    char region[64];    /* "": an instance will have to say */
    unsigned flags;     /* BDK_FIPS, BDK_DUALSTACK, BDK_STS_LEGACY */
    struct bdk_endpoint endpoint[BDK_N_SERVICES];   /* host "": not known before the Region */
    struct bdk_from region_from, endpoint_from[BDK_N_SERVICES];
};

/* The environment, and the files: what a program may have put in the place of both. */
struct bdk_env {
    bedrock_getenv_fn fn;
    void *ctx;
    bedrock_read_file_fn read_file;
    void *read_file_ctx;
};

/* NULL for unset, empty and blank variables. */
const char *bdk_getenv(const struct bdk_env *env, const char *name);

/* Select the profile and find flags, Region and endpoints. 0, or told in b->err. */
int bdk_config_load(struct bedrock *b, const struct bedrock_options *opt);

/* b->cf.region has become known: fill in the endpoints that are made of it. */
int bdk_config_use_region(struct bedrock *b, struct bedrock_error *e);

/* Where a service that brings credentials is. */
int bdk_config_endpoint(const struct bedrock *b, enum bdk_service service, const char *region,
                        struct bdk_endpoint *ep, struct bedrock_error *e);

/*
 * The CA bundle that replaces the built-in roots: options, AWS_CA_BUNDLE, the profile's ca_bundle,
 * SSL_CERT_FILE. 1: its PEM text is in pem and `source` says where it came from; 0: none was named;
 * BEDROCK_ERR_CONFIG: unreadable, told in b->err.
 */
int bdk_ca_bundle(struct bedrock *b, struct bedrock_buffer *pem, char source[512],
                  const struct bedrock_options *opt);

/* The system's own bundle, from the first of the usual places that has one: 1, 0 when none has, or
 * BEDROCK_ERR_NOMEM. */
int bdk_ca_system(struct bedrock_buffer *pem, char source[512], const struct bdk_env *env);

/* The usual places, ended by NULL. */
extern const char *const bdk_ca_places[];

/* ---- proxy.c: which proxy serves a target, and what is said to it -------------------------- */

struct bdk_proxy {
    const char *from;   /* the variable, for messages; NULL: there is no proxy */
    const char *bad;    /* why it cannot be used, static; NULL: it can */
    char host[256];     /* no brackets around IPv6 */
    int port;
    int tls;
    char name[280];     /* "host:port" for messages */
    struct bedrock_buffer authorization;    /* "Basic ..." for Proxy-Authorization; empty: none */
};

struct bdk_proxies {
    struct bdk_proxy of[2];         /* for http:// and for https:// targets */
    struct bedrock_buffer no_proxy; /* the list of targets that need none */
};

/*
 * Read the options and, where they say nothing, the environment. 0: *out is NULL when there is no proxy at
 * all. BEDROCK_ERR_NOMEM. That a proxy cannot be used is no failure before one is wanted.
 */
int bdk_proxies_load(struct bdk_proxies **out, const struct bedrock_options *opt,
                     const struct bdk_env *env, struct bedrock_error *e);
void bdk_proxies_free(struct bdk_proxies *p, const struct bedrock_options *opt);

/*
 * The proxy for this target, or NULL to connect directly: always to link-local addresses, where
 * credentials are; to http:// targets, which are this machine itself, unless the proxy is there too.
 */
const struct bdk_proxy *bdk_proxy_for(const struct bdk_proxies *p, const char *host, int port, int tls);

/* 0, or BEDROCK_ERR_CONFIG when the proxy cannot be used: e names the variable, never the password. */
int bdk_proxy_check(const struct bdk_proxy *p, struct bedrock_error *e);

/* Append the head of a CONNECT request (RFC 9110 9.3.6) for "host:port". Returns b->error. */
int bdk_proxy_connect(struct bedrock_buffer *b, const struct bdk_proxy *p, const char *target);

/*
 * Read the proxy's answer to it from text[0..len), which grows from the same first byte; *scanned as for
 * bdk_http_head_read(). 0: the tunnel is open and begins at text + *used. BDK_MORE. Below zero: refused
 * or malformed, as e says.
 */
int bdk_proxy_answer(const struct bdk_proxy *p, const char *target, const char *text, size_t len,
                     size_t *scanned, size_t *used, struct bedrock_error *e);

/* The status and the reason of a response, "407 Proxy Authentication Required", on one line. */
void bdk_proxy_status(const struct bdk_http_head *h, const char *text, char out[128]);

/* ---- file.c: files into memory, whole or in pieces ----------------------------------------- */

/* See bedrock_read_file_fn; a directory is EISDIR, what is no regular file EINVAL, too large EFBIG. */
int bdk_file_read(void *ctx, const char *path, struct bedrock_buffer *out);

/* The same through the program's hook, if there is one. */
int bdk_read_file(const struct bdk_env *env, const char *path, struct bedrock_buffer *out);

/* What such an error is in words. */
void bdk_file_why(int err, char out[128]);

/* A file that is read piece by piece. */
struct bdk_file {
    int fd;
    uint64_t size;              /* when it was opened */
};

/* 0 or errno, as above. */
int bdk_file_open(struct bdk_file *f, const char *path);

/* The next *n bytes, as many as fit while there are any: less than cap means that the end was seen. 0 or
 * errno. */
int bdk_file_piece(struct bdk_file *f, void *p, size_t cap, size_t *n);
void bdk_file_close(struct bdk_file *f);

/* ---- ini.c: the grammar of ~/.aws/config and ~/.aws/credentials ---------------------------- */

#define BDK_INI_MAX_FILE ((size_t)4 << 20)
#define BDK_INI_MAX_LINE 65536u
#define BDK_INI_MAX_ITEMS 100000u   /* sections, properties and nested properties of a file */

enum bdk_ini_kind {
    BDK_INI_SECTION = 1,    /* name: what stands in the brackets, any text without white space around it */
    BDK_INI_PROPERTY,       /* name in lower case; value with its continuation lines, joined by '\n' */
    BDK_INI_NESTED          /* a property below the property before, which has an empty value */
};

struct bdk_ini_item {
    enum bdk_ini_kind kind;
    char *name;             /* zero-terminated, within the text; likewise the value */
    char *value;            /* never NULL; "" for a section */
    unsigned line;          /* from 1 */
};

struct bdk_ini {
    char *p, *end;
    unsigned line;
    unsigned n_items;
    int in_section, open;
    const char *why;        /* static text for the failure, which is at `line` */
};

/*
 * Read a text from top to bottom, in place: it is written to (zero bytes, lower case, lines moved up), and
 * names and values stay where they are as long as it does. Its last byte must be a newline. 1: an item; 0:
 * no more; BEDROCK_ERR_CONFIG: malformed, for good; it->line and it->why say where and why, and never what
 * stands there, which may be a secret. Properties with invalid names are left out, with what is nested
 * below them.
 */
void bdk_ini_init(struct bdk_ini *it, char *text, size_t len);
int bdk_ini_next(struct bdk_ini *it, struct bdk_ini_item *item);

/* 1 when a text has only characters that names of profiles and properties may have, and one at least. */
int bdk_ini_is_name(const char *text);

/* ---- profiles.c: the shared config and credentials files ----------------------------------- */

#define BDK_MAX_PATH 1024           /* of a file, with its zero byte */
#define BDK_MAX_PROFILE_NAME 256    /* of the selected profile, with its zero byte */

enum bdk_section {
    BDK_SECTION_NONE,
    BDK_SECTION_PROFILE,
    BDK_SECTION_SSO_SESSION,
    BDK_SECTION_SERVICES,
    BDK_SECTION_DEFAULT     /* [default] in the config file, while it is not known whether it counts */
};

/* A section's head, or a property; in the order of the file. */
struct bdk_profile_entry {
    enum bdk_ini_kind kind;
    enum bdk_section section;       /* for a head */
    unsigned line;
    const char *name, *value;
};

struct bdk_profile_file {
    char path[BDK_MAX_PATH];        /* "": there is no home folder, so there is no file */
    int loaded;
    struct bedrock_buffer text;
    struct bedrock_buffer entries;  /* struct bdk_profile_entry */
};

#define BDK_PROFILE_OPTION "the profile option" /* what goes before the environment's keys */

enum bdk_profile_which { BDK_FILE_CONFIG, BDK_FILE_CREDENTIALS };

struct bdk_profiles {
    struct bdk_profile_file file[2];
    char name[BDK_MAX_PROFILE_NAME];/* the selected profile */
    const char *named_by;           /* BDK_PROFILE_OPTION, "AWS_PROFILE", "AWS_DEFAULT_PROFILE"; NULL: it
                                       is "default" because nobody named one */
};

/* Where a value stands. */
struct bdk_setting {
    const char *value;              /* NULL: nowhere */
    const char *file;
    unsigned line;
};

/*
 * Select a profile (profile_option unless NULL or "", AWS_PROFILE, AWS_DEFAULT_PROFILE, "default") and load
 * the config file: AWS_CONFIG_FILE or ~/.aws/config. A missing file is an empty one, and so is /dev/null.
 * The credentials file (AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials) is loaded too when the caller
 * wants it, or when a profile was named that the config file does not have: it is an error when neither
 * file has it, unless its name is "default". BEDROCK_ERR_CONFIG with "FILE: why" or "FILE:LINE: why" for what
 * cannot be read; BEDROCK_ERR_NOMEM. bdk_profiles_free() it in any case; that wipes.
 *
 * Nothing is validated but the grammar: values are text as somebody wrote it, may hold newlines, and whoever
 * makes a header, a host name, a path or a number of one checks it first.
 */
int bdk_profiles_load(struct bdk_profiles *p, const struct bdk_env *env, const char *profile_option,
                      int with_credentials, bedrock_alloc_fn alloc, void *alloc_ctx,
                      struct bedrock_error *e);
void bdk_profiles_free(struct bdk_profiles *p);

/* Load the credentials file if that was not done yet. What was found before stays where it is. */
int bdk_profiles_load_credentials(struct bdk_profiles *p, const struct bdk_env *env,
                                  struct bedrock_error *e);

/*
 * Look a value up as AWS's tools do: property by property, the credentials file (if it is loaded) before the
 * config file, and in a file the last one. Names of sections compare exactly, keys are lower case. nested:
 * a property below the property key; NULL: that itself, which is "" when others are nested below it. key
 * NULL: the section's own head, whose value is its name. sso-session and services sections come from the
 * config file only.
 */
struct bdk_setting bdk_profile_find(const struct bdk_profiles *p, enum bdk_section kind, const char *name,
                                    const char *key, const char *nested);

/* A profile's value, for credentials: load their file first. NULL when it is not set, empty or blank. */
const char *bdk_profile_value(const struct bdk_profiles *p, const char *profile, const char *key);

/*
 * A setting of the selected profile (region, endpoint_url, services ...), the config file before the
 * credentials file: so the answer does not depend on whether the latter is loaded. It differs from what
 * AWS's tools find only where both files set the key for the profile. Blank ones are not set.
 */
struct bdk_setting bdk_profile_setting(const struct bdk_profiles *p, const char *key);

/* The names of all sections of a kind, each once; *at starts as 0. NULL: no more. */
const char *bdk_profiles_next(const struct bdk_profiles *p, enum bdk_section kind, size_t *at);

/*
 * A path with ~/ at its beginning, as a file of home: HOME or, unless the program replaced the environment,
 * the user's entry in passwd. 0; ENOENT: there is no home; ENAMETOOLONG.
 */
int bdk_home_path(const struct bdk_env *env, const char *path, char out[BDK_MAX_PATH]);

/* ---- plan.c: where a profile's credentials come from --------------------------------------- */

#define BDK_PLAN_MAX_ROLES 8    /* one after another; real chains have one or two */

enum bdk_plan_base {
    BDK_PLAN_NONE,          /* nothing of the kind in the profile: the next provider's turn */
    BDK_PLAN_STATIC,
    BDK_PLAN_WEB_IDENTITY,
    BDK_PLAN_SSO,
    BDK_PLAN_LOGIN,
    BDK_PLAN_PROCESS,
    BDK_PLAN_ENVIRONMENT,   /* credential_source */
    BDK_PLAN_INSTANCE,
    BDK_PLAN_CONTAINER,
    BDK_PLAN_BASES          /* how many there are */
};

/* A role to assume, with the profile that says so. */
struct bdk_plan_role {
    const char *profile;
    const char *role_arn;
    const char *session_name;   /* NULL: not given; likewise below */
    const char *external_id;
    const char *mfa_serial;
    const char *region;         /* the profile's, for STS */
    int duration_s;             /* 900 to 43200; 0: not given */
};

/* Text belongs to the profiles and lives as long as they do; the first profile's name is the caller's. */
struct bdk_plan {
    enum bdk_plan_base base;
    const char *profile;        /* the one whose base it is */
    const char *region;         /* of that profile; NULL: not given */
    const char *access_key_id, *secret_access_key;  /* STATIC */
    const char *session_token, *account_id;         /* NULL: not given */
    struct bdk_plan_role web;   /* WEB_IDENTITY: the role, and no external id nor MFA */
    const char *token_file;     /* as it was written, perhaps with ~/ */
    const char *sso_session;    /* SSO; NULL: the legacy form, without a session */
    const char *sso_region, *sso_start_url;         /* from the session or the profile; never NULL */
    const char *sso_account_id, *sso_role_name;     /* both NULL: a session for a bearer token, no keys */
    const char *login_session;  /* LOGIN */
    const char *process;        /* PROCESS: a command line */
    size_t n_roles;             /* to assume with the base's keys, in this order, each with the one before */
    struct bdk_plan_role role[BDK_PLAN_MAX_ROLES];
};

/*
 * Follow a profile to its base. The credentials file must have been loaded. 0, with BDK_PLAN_NONE for a
 * profile that is not there or says nothing of credentials; BEDROCK_ERR_CONFIG: half of something, a
 * contradiction, a loop, a chain that ends nowhere; the message names file, line, profile and key.
 *
 * In a profile the first of these counts: role_arn without web_identity_token_file (it needs source_profile
 * or credential_source), static keys, credential_source alone, web identity, SSO, login, process. In a
 * profile that another one names as its source, static keys go before all else; a profile that names itself
 * is asked for its other credentials.
 */
int bdk_plan_make(struct bdk_plan *plan, const struct bdk_profiles *p, const char *profile,
                  struct bedrock_error *e);

/* ---- What credential providers have in common ---------------------------------------------- */

/* Keys and how long they are good for. The strings stand in `text`, each with its zero byte; freeing that
 * wipes them. */
struct bdk_keys {
    struct bedrock_buffer text;
    const char *access_key_id;      /* NULL: there are none */
    const char *secret_access_key;
    const char *session_token;      /* NULL: none; likewise the account */
    const char *account_id;
    int64_t expires_s;              /* since 1970; INT64_MAX: never */
};

/*
 * A request that a provider wants to be sent, and how. Providers fill it in and read the answer;
 * bedrock.c carries the bytes.
 */
struct bdk_fetch {
    struct bdk_endpoint to;
    const char *method;             /* static */
    struct bedrock_buffer target;   /* of the request line: base path, path, query */
    struct bedrock_buffer headers;  /* whole field lines, "Name: value\r\n", but Host, Content-Length, those
                                       of a signature and User-Agent */
    struct bedrock_buffer body;     /* sent when it is not empty or the method is POST or PUT */
    const char *sign_service;       /* "sts"; NULL: unsigned */
    char sign_region[64];
    int connect_ms, read_ms;        /* time-outs; 0: the client's */
    int attempts;                   /* at most so many when the network or the server (5xx) fails */
    int direct;                     /* never through a proxy */
    const char *what;               /* static, for messages: "the instance metadata service" */
};

/* ---- keys.c: what providers bring, and the request that they make -------------------------- */

#define BDK_KEYS_MAX_TOKEN 16384u

/*
 * Replace the keys by copies of these; an empty slice is none. BEDROCK_ERR_CONFIG with a sentence in e that
 * begins with `what` when id or secret is empty, or one of them holds white space or a control character or
 * is longer than can be (id 256, secret 1024, token 16384, account 64 bytes); BEDROCK_ERR_NOMEM. k keeps
 * what it had then.
 */
int bdk_keys_set(struct bdk_keys *k, struct bedrock_slice id, struct bedrock_slice secret,
                 struct bedrock_slice token, struct bedrock_slice account, int64_t expires_s,
                 const char *what, struct bedrock_error *e);

/* Replace the keys by copies of others. 0 or BEDROCK_ERR_NOMEM; k keeps what it had then. */
int bdk_keys_copy(struct bdk_keys *k, const struct bdk_keys *from);
void bdk_keys_free(struct bdk_keys *k);

enum bdk_keys_age {
    BDK_KEYS_FRESH,
    BDK_KEYS_DUE,   /* at most 5 minutes left: fetch new ones, and it is no failure if that fails */
    BDK_KEYS_SPENT  /* less than one minute left: to be replaced before a request is signed */
};
enum bdk_keys_age bdk_keys_age(const struct bdk_keys *k, int64_t now_s);

/* Instance metadata failed or has expired keys only: old ones serve 5 to 10 minutes more, by 32 random
 * bits. */
void bdk_keys_extend(struct bdk_keys *k, int64_t now_s, uint32_t random);

enum bdk_keys_form {
    BDK_KEYS_ENDPOINT,  /* containers, instances: Token and Expiration are required, a Code is Success */
    BDK_KEYS_PROCESS    /* credential_process: Version 1; SessionToken and Expiration if there are any */
};

#define BDK_ALSO_EXPIRED INT64_MIN /* as now_s: an instance's keys may be past their time */

/*
 * Replace the keys by those of the JSON that containers, instances and processes answer with; member names
 * in any case. `account` is for answers without AccountId and may be NULL. BEDROCK_ERR_CONFIG with a sentence
 * that begins with `what` and shows nothing of the answer but its Code and Message; e->retryable when the
 * endpoint's answer was no JSON or lacks a member. k keeps what it had then.
 */
int bdk_keys_json(struct bdk_keys *k, enum bdk_keys_form form, struct bedrock_slice json,
                  const char *account, int64_t now_s, const char *what, struct bedrock_error *e);

/* A new request, its buffers with this allocator; in the end all of it wiped and released. */
void bdk_fetch_init(struct bdk_fetch *f, bedrock_alloc_fn alloc, void *alloc_ctx);
void bdk_fetch_free(struct bdk_fetch *f);

/* Make f another request: nothing of the last one stays. The target is the endpoint's base path and then
 * `path`; its error sticks in f->target. */
void bdk_fetch_begin(struct bdk_fetch *f, const struct bdk_endpoint *to, const char *method, const char *path,
                     const char *what);

/* Append a field line. BEDROCK_ERR_USAGE sticks in f->headers when the value holds a control character.
 * Returns f->headers.error. */
int bdk_fetch_header(struct bdk_fetch *f, const char *name, struct bedrock_slice value);

/* 0 when its buffers are whole, else the first one's error, told in e. */
int bdk_fetch_check(const struct bdk_fetch *f, struct bedrock_error *e);

/* BEDROCK_ERR_CONFIG: tell that f was answered with this status, and with which code and message if there
 * are any in the JSON; e->retryable for 429 and 5xx. */
int bdk_fetch_refused(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                      struct bedrock_error *e);

/* ---- imds.c: keys and Region from EC2's instance metadata, version 2 ----------------------- */

/* Settings as their texts; NULL: unset. */
struct bdk_imds_settings {
    const char *disabled;       /* AWS_EC2_METADATA_DISABLED */
    const char *endpoint;       /* AWS_EC2_METADATA_SERVICE_ENDPOINT, ec2_metadata_service_endpoint */
    const char *mode;           /* ..._ENDPOINT_MODE, ..._endpoint_mode: IPv4 or IPv6 */
    const char *v1_disabled;    /* AWS_EC2_METADATA_V1_DISABLED, ec2_metadata_v1_disabled; only "false" lets
                                   version 1, which needs no token, take over where there is no version 2 */
    const char *timeout;        /* AWS_METADATA_SERVICE_TIMEOUT, metadata_service_timeout: seconds */
    const char *attempts;       /* AWS_METADATA_SERVICE_NUM_ATTEMPTS, metadata_service_num_attempts */
};

/* Replace those that the environment sets, which goes before the profile. */
void bdk_imds_env(struct bdk_imds_settings *s, const struct bdk_env *env);

enum bdk_imds_goal { BDK_IMDS_KEYS, BDK_IMDS_REGION };
enum bdk_imds_step { BDK_IMDS_TOKEN, BDK_IMDS_ROLE, BDK_IMDS_ROLE_KEYS, BDK_IMDS_PLACE };

struct bdk_imds {
    struct bdk_endpoint to;
    int timeout_ms;
    int attempts;                   /* 0: not set */
    int v1_allowed;
    int v1;                         /* goes on without a token */
    struct bedrock_buffer token;    /* is kept for later requests */
    int64_t token_until_s;
    int renewed;                    /* a token that was refused has been replaced once */
    enum bdk_imds_goal goal;
    enum bdk_imds_step step;
    char role[72];
    char region[64];                /* what BDK_IMDS_REGION brings */
};

/* 0; BDK_IMDS_OFF: it is disabled; BEDROCK_ERR_CONFIG: a setting is wrong. */
#define BDK_IMDS_OFF 1
int bdk_imds_init(struct bdk_imds *m, const struct bdk_imds_settings *s, bedrock_alloc_fn alloc,
                  void *alloc_ctx, struct bedrock_error *e);
void bdk_imds_free(struct bdk_imds *m);

/* Begin; a token that is still good is used again. */
void bdk_imds_begin(struct bdk_imds *m, enum bdk_imds_goal goal, int64_t now_s);

/* The next request to send. 0, or below zero. */
int bdk_imds_request(const struct bdk_imds *m, struct bdk_fetch *f, struct bedrock_error *e);

/*
 * Read its answer. BDK_MORE: there is another request; 0: k (which may be past its time) or m->region is
 * filled; below zero: it failed. k keeps what it had unless 0 comes back for BDK_IMDS_KEYS.
 */
int bdk_imds_answer(struct bdk_imds *m, const struct bdk_fetch *f, const struct bdk_http_head *h,
                    struct bedrock_slice body, int64_t now_s, struct bdk_keys *k, struct bedrock_error *e);

/* There was none, and e says why: BDK_MORE when version 1 is tried now (e is cleared), else e->code. */
int bdk_imds_no_answer(struct bdk_imds *m, struct bedrock_error *e);

/* ---- container.c: keys from ECS, EKS Pod Identity and whoever does as they do -------------- */

/*
 * The request, token read anew from its file. 0; BDK_CONTAINER_NONE: not set; BEDROCK_ERR_CONFIG: the URI is
 * none that keys may be asked from, or the token is unusable.
 */
#define BDK_CONTAINER_NONE 1
int bdk_container_request(struct bdk_fetch *f, const struct bdk_env *env, struct bedrock_error *e);

/* Read its answer: 0 and k is filled, or below zero. */
int bdk_container_answer(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                         int64_t now_s, struct bdk_keys *k, struct bedrock_error *e);

/* ---- process.c: keys that a program prints (credential_process) ---------------------------- */

#define BDK_PROCESS_MAX_OUTPUT 65536u

/*
 * Run a command with /bin/sh. Standard input is the program's own when that is a terminal, else empty; its
 * output may have BDK_PROCESS_MAX_OUTPUT bytes; descriptors other than 0, 1 and 2 are closed in it. It ends
 * after timeout_ms (0: 60 s), and all it has started with it, unless it shares our terminal (it may have to
 * ask for a password there): then the shell alone does. `what` begins each message, as in "credential_process
 * of profile 'a' in FILE"; command and output are in none.
 */
struct bdk_process;
int bdk_process_start(struct bdk_process **out, const char *command, int timeout_ms, const char *what,
                      bedrock_alloc_fn alloc, void *alloc_ctx, bedrock_clock_fn clock, void *clock_ctx,
                      struct bedrock_error *e);

/* 0: it has ended well; BEDROCK_WANT_READ, BEDROCK_WANT_TIME: step again when the descriptor can be read or
 * the time has passed; below zero: it failed, for good. */
int bdk_process_step(struct bdk_process *p, struct bedrock_error *e);
int bdk_process_fd(const struct bdk_process *p);            /* -1: nothing to poll */
int bdk_process_timeout_ms(const struct bdk_process *p);    /* never -1 */

/* What it printed, once that is complete. `account` as with bdk_keys_json(). */
int bdk_process_keys(const struct bdk_process *p, const char *account, int64_t now_s, struct bdk_keys *k,
                     struct bedrock_error *e);

/* End it if it still runs. NULL is allowed. */
void bdk_process_close(struct bdk_process *p);

/* ---- p256.c: ECDSA over P-256, SHA-1; the other file that includes bearssl.h --------------- */

#define BDK_SHA1_LEN 20

/* For the names of cache files, never for security. */
void bdk_sha1_of(const void *p, size_t n, unsigned char out[BDK_SHA1_LEN]);

/* A key pair; bdk_wipe() it in the end. */
struct bdk_p256 {
    unsigned char d[32];
    unsigned char point[65];        /* 4, x, y */
};

/* The first "EC PRIVATE KEY" (RFC 5915) or "PRIVATE KEY" (RFC 5208) of a PEM text. 0, or BEDROCK_ERR_CONFIG
 * when there is none, or it is none of P-256; k is wiped then. */
int bdk_p256_read(struct bdk_p256 *k, struct bedrock_slice pem);

/* r and s, 32 bytes each; the same digest gives the same signature (RFC 6979). 0 or BEDROCK_ERR_CONFIG. */
int bdk_p256_sign(const struct bdk_p256 *k, const unsigned char digest[BDK_SHA256_LEN],
                  unsigned char out[64]);

/* ---- sts.c: roles, and who one is (AWS STS, query protocol) -------------------------------- */

/* NULL: not said. */
struct bdk_sts_role {
    const char *arn;                    /* required */
    const char *session_name;           /* NULL: "bedrock-session-" and the time */
    const char *external_id;
    const char *mfa_serial, *mfa_code;  /* both or none */
    int64_t duration_s;                 /* 0: the service's own, an hour */
    struct bedrock_slice web_token;     /* given: AssumeRoleWithWebIdentity, which is not signed and knows
                                           neither external ids nor MFA */
};

/* What a web identity token file held, read anew for each request: cut one newline at its end, and refuse
 * what is no token. 0, or BEDROCK_ERR_CONFIG with a sentence that names the file. */
int bdk_sts_web_token(struct bedrock_slice *token, const char *path, struct bedrock_error *e);

/* Ask for a role's keys; f was bdk_fetch_init()ed, `to` is bdk_endpoint_of(BDK_STS). 0, BEDROCK_ERR_CONFIG
 * for what STS would refuse, or an error of f's buffers. */
int bdk_sts_assume(struct bdk_fetch *f, const struct bdk_endpoint *to, const struct bdk_sts_role *r,
                   int64_t now_s, struct bedrock_error *e);

/* Ask whose keys sign. */
int bdk_sts_identity(struct bdk_fetch *f, const struct bdk_endpoint *to, struct bedrock_error *e);

/*
 * Read the answer to f. BEDROCK_ERR_CONFIG with a sentence that begins with f->what; when STS refused, name,
 * http_status, request_id and retryable are set as well. k keeps what it had then.
 */
int bdk_sts_keys(struct bdk_keys *k, const struct bdk_fetch *f, const struct bdk_http_head *h,
                 struct bedrock_slice body, struct bedrock_error *e);

struct bdk_sts_caller {
    char account[64], arn[BDK_MAX_ARN + 1], user_id[256];
};
int bdk_sts_caller(struct bdk_sts_caller *c, const struct bdk_fetch *f, const struct bdk_http_head *h,
                   struct bedrock_slice body, struct bedrock_error *e);

/* ---- cachefile.c: the token caches that AWS's tools share on disk -------------------------- */

#define BDK_CACHE_MAX 262144u   /* bytes of a file, or of an answer that becomes one */

/* Put a file of mode 0600, and of the same owner, in the place of `path`, whole or not at all: what was there
 * stays as it is until the new one is complete, and if that fails. 0, or errno. */
int bdk_cache_write(const char *path, const char *p, size_t n);

/* Which strings a cache has: the first is the time at which it expires. */
struct bdk_cache_path {
    const char *path;
    int required;
};
struct bdk_cache_form {
    const char *what;               /* begins the sentences: "SSO token file" */
    const struct bdk_cache_path *members;
    size_t n_members;               /* BDK_CACHE_VALUES at most */
};

#define BDK_CACHE_VALUES 9

/* What SSO and login have in common. */
struct bdk_cache {
    const struct bdk_cache_form *form;
    char path[BDK_MAX_PATH];
    char login[BDK_MAX_PROFILE_NAME + 40];  /* the very command that mends it */
    struct bedrock_buffer file;     /* its content; after a renewal, what bdk_cache_write() shall write */
    struct bedrock_buffer text;     /* where the values stand, decoded */
    const char *value[BDK_CACHE_VALUES];    /* of the form's members; NULL: there is none, or it is empty */
    int64_t expires_s;
    int64_t tried_s;                /* when renewing it was tried last; 0: never */
    int unsaved;                    /* what is here is newer than the file, which could not be written */
};

/* Set form, allocator, and path: folder (which may begin with ~/), digest in hexadecimal, ".json". 0 or
 * BEDROCK_ERR_CONFIG. */
int bdk_cache_open(struct bdk_cache *c, const struct bdk_cache_form *form, const struct bdk_env *env,
                   const char *folder, const unsigned char *digest, size_t n, bedrock_alloc_fn alloc,
                   void *alloc_ctx, struct bedrock_error *e);

/* The command that mends it: with "OPTION NAME" unless name is NULL, as a shell wants it. */
void bdk_cache_command(struct bdk_cache *c, const char *command, const char *option, const char *name);

/* Release its content, wiped; it can be loaded again. */
void bdk_cache_free(struct bdk_cache *c);

/* BEDROCK_ERR_CONFIG: "WHAT PATH: why; run LOGIN". */
int bdk_cache_bad(const struct bdk_cache *c, const char *why, struct bedrock_error *e);

/* Read the file: 0, or told in e, and c stays what it was;
 * so it does when it is unsaved and good for longer. */
int bdk_cache_load(struct bdk_cache *c, const struct bdk_env *env, struct bedrock_error *e);

/* 0: still good; BDK_MORE: renew it (5 minutes or less are left, and it is 30 s since that was tried);
 * BEDROCK_ERR_CONFIG: it is past its time and cannot be renewed. */
int bdk_cache_next(const struct bdk_cache *c, int renewable, int64_t now_s, struct bedrock_error *e);

/* Renewing failed as e says: 0 and e is cleared when another process has done it meanwhile, or the old one
 * is still good; else BEDROCK_ERR_CONFIG. */
int bdk_cache_failed(struct bdk_cache *c, const struct bdk_env *env, int64_t now_s, struct bedrock_error *e);

/* A string member at a path, decoded and zero-terminated in b, which has room for it; NULL: there is none, it
 * is empty, or has a zero byte in it. */
const char *bdk_cache_text(struct bedrock_buffer *b, struct bedrock_json root, const char *path);

/* RFC 3339, or as AWS CLI 1 wrote it, "2020-06-17T10:02:08UTC". 0 or BEDROCK_ERR_PROTOCOL. */
int bdk_cache_time(const char *value, int64_t *epoch_s);

/* A member and its value, zero-terminated. */
void bdk_cache_pair(struct bedrock_writer *w, const char *name, const char *value);

/* Parse a token endpoint's answer; expires is its end as a JSON string. 0 or BEDROCK_ERR_CONFIG. */
int bdk_cache_answer(const struct bdk_fetch *f, struct bedrock_slice body, struct bedrock_json *root,
                     int64_t now_s, char expires[24], struct bedrock_error *e);

/* BEDROCK_ERR_CONFIG: its refusal, "error" in code ("" when it has none), the rest in e. */
int bdk_cache_refused(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                      char code[64], struct bedrock_error *e);

struct bdk_cache_member {
    const char *name;
    struct bedrock_json value;      /* checked; of type NONE: it stays what it was */
};

/* Write the file's object, or the one at a path inside of it, with these members replaced or added; all
 * others stay. out is new. Returns out->error. */
int bdk_cache_object(struct bedrock_buffer *out, const struct bdk_cache *c, const char *inside,
                     const struct bdk_cache_member *m, size_t n);

/* The file with these members takes the place of c's content: 0, or told in e and c stays what it was. */
int bdk_cache_renew(struct bdk_cache *c, const struct bdk_cache_member *m, size_t n, struct bedrock_error *e);

/* ---- sso.c: IAM Identity Center ------------------------------------------------------------ */

struct bdk_sso {
    struct bdk_cache c;
    int is_session;                 /* [sso-session]: only then it is renewed */
};

/*
 * bdk_sso_open(), then for each use bdk_cache_load() and bdk_sso_next(). Where that says BDK_MORE: refresh,
 * send, refreshed; when that fails, or there was no answer, bdk_cache_failed(); when it does not,
 * bdk_cache_write(), whose failure is only worth a trace. Then role, send, keys. bdk_cache_free() in the end.
 * profile may be NULL, and so may one of session and start_url (the old form). All strings are copied.
 */
int bdk_sso_open(struct bdk_sso *s, const struct bdk_env *env, const char *profile, const char *session,
                 const char *start_url, bedrock_alloc_fn alloc, void *alloc_ctx, struct bedrock_error *e);
int bdk_sso_next(const struct bdk_sso *s, int64_t now_s, struct bedrock_error *e);  /* see bdk_cache_next() */

/* Ask OIDC for a new token; read the answer: s is the new one, or stays what it was. */
int bdk_sso_refresh(struct bdk_sso *s, struct bdk_fetch *f, const struct bdk_endpoint *to, int64_t now_s,
                    struct bedrock_error *e);
int bdk_sso_refreshed(struct bdk_sso *s, const struct bdk_fetch *f, const struct bdk_http_head *h,
                      struct bedrock_slice body, int64_t now_s, struct bedrock_error *e);

/* Ask for a role's keys, and read them. A 401 tells which command to run. */
int bdk_sso_role(const struct bdk_sso *s, struct bdk_fetch *f, const struct bdk_endpoint *to,
                 const char *account, const char *role, struct bedrock_error *e);
int bdk_sso_keys(const struct bdk_sso *s, struct bdk_keys *k, const struct bdk_fetch *f,
                 const struct bdk_http_head *h, struct bedrock_slice body, const char *account,
                 struct bedrock_error *e);

/* ---- login.c: the session of `aws login` --------------------------------------------------- */

/* As with SSO (bdk_cache_next() with renewable 1), but that the file holds the keys themselves. */
int bdk_login_open(struct bdk_cache *c, const struct bdk_env *env, const char *profile,
                   const char *login_session, bedrock_alloc_fn alloc, void *alloc_ctx,
                   struct bedrock_error *e);
int bdk_login_keys(const struct bdk_cache *c, struct bdk_keys *k, struct bedrock_error *e);

/* The Region whose sign-in service has to be asked; NULL: the profile's. */
const char *bdk_login_region(const struct bdk_cache *c);

/* random: 16 bytes of bdk_random(). */
int bdk_login_refresh(struct bdk_cache *c, struct bdk_fetch *f, const struct bdk_endpoint *to,
                      const unsigned char random[16], int64_t now_s, struct bedrock_error *e);
int bdk_login_refreshed(struct bdk_cache *c, const struct bdk_fetch *f, const struct bdk_http_head *h,
                        struct bedrock_slice body, int64_t now_s, struct bedrock_error *e);

/* Append the DPoP proof (RFC 9449) for f, whose endpoint, method and target are set. Returns out->error. */
int bdk_login_proof(struct bedrock_buffer *out, const struct bdk_fetch *f, const struct bdk_p256 *key,
                    const unsigned char random[16], int64_t now_s);

/* ---- apikey.c: short-term Amazon Bedrock API keys ------------------------------------------ */

#define BDK_API_KEY_MAX_S 43200

/*
 * Append a key for this Region that is good for expires_s (1 to BDK_API_KEY_MAX_S), but no longer than the
 * credentials are. 0, BEDROCK_ERR_USAGE for a Region or time that cannot be, BEDROCK_ERR_LIMIT for a session
 * token that is too long, or an error of out.
 */
int bdk_api_key(struct bedrock_buffer *out, const struct bdk_credentials *c, const char *region,
                int64_t expires_s, int64_t now_s, unsigned cpu);

/* ---- creds.c, provide.c and sources.c: which credentials sign a call ----------------------- */

/* Where keys, or a token in their place, come from; in the order in which they are asked. Found once, when a
 * client is opened. */
enum bdk_source {
    BDK_FROM_NOBODY_YET, BDK_FROM_OPTIONS, BDK_FROM_HOOK, BDK_FROM_BEARER, BDK_FROM_ENVIRONMENT,
    BDK_FROM_WEB_IDENTITY, BDK_FROM_PROFILE, BDK_FROM_CONTAINER, BDK_FROM_INSTANCE, BDK_FROM_NOWHERE
};

/* What a step of a source comes to, beside 0: done, below zero: failed, and BEDROCK_WANT_*. */
enum {
    BDK_RUN_FETCH = 100,    /* r->fetch is to be sent */
    BDK_RUN_AGAIN,          /* the same once more, at r->again_ms */
    BDK_RUN_PROCESS         /* r->process is to be waited for */
};

/* One fetching, of keys or of the Region. */
struct bdk_run {
    int for_region;
    const struct bdk_run_source *from;  /* who is asked */
    size_t role;                    /* the next one of the plan to be assumed */
    struct bdk_keys keys;           /* what has been fetched so far */
    struct bdk_keys next;           /* what the fetch at hand brings */
    int fetching;                   /* r->fetch has been or will be sent */
    struct bdk_fetch fetch;
    struct bedrock_call *call;      /* carries it; NULL: it is not under way */
    int attempts;                   /* that it has had */
    int64_t again_ms;               /* when it is tried once more */
    struct bdk_process *process;
    struct bdk_imds imds;           /* keeps its token */
    int imds_open;
    struct bdk_sso sso;             /* these two keep when they tried to renew */
    struct bdk_cache login;
    int renewing;                   /* the fetch at hand is for a new token */
    int looks;                      /* after another process's, since that was refused; 0: it was not */
    struct bedrock_buffer file;
};

/*
 * Begin to ask; read an answer; there was no answer, and e says why; it failed for good, as e says. Each
 * returns 0 with r->next or r->imds.region filled in, BDK_RUN_*, or an error told in e. The last two may be
 * NULL: then it stays at that.
 */
struct bdk_run_source {
    int (*begin)(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e);
    int (*answer)(struct bedrock *b, struct bdk_run *r, const struct bdk_http_head *h,
                  struct bedrock_slice body, struct bedrock_error *e);
    int (*none)(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e);
    int (*failed)(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e);
};
extern const struct bdk_run_source bdk_sources[BDK_PLAN_BASES];     /* by enum bdk_plan_base */
extern const struct bdk_run_source bdk_source_role;

struct bdk_creds {
    char *bearer_token;         /* set: Authorization: Bearer, no signature. The client's own, wiped */
    struct bdk_keys keys;       /* access_key_id NULL: not there yet */
    enum bdk_source source;     /* when finding it failed: the one that did */
    struct bdk_plan *plan;      /* how to fetch them; NULL: there is no need */
    struct bdk_run *run;        /* what fetching needs; NULL: nothing was fetched yet */
    struct bedrock_error err;   /* why that failed last */
    int64_t failed_ms;          /* and when; 0: it did not */
    int64_t got_ms;             /* when keys were fetched last; 0: never */
    int run_open;               /* it was set up */
    int pending;                /* the fetching has begun and is not over */
    struct bedrock_later hook;  /* what the program's hook waits for */
};

/* Find the source. 0, or told in b->err. */
int bdk_creds_open(struct bedrock *b, const struct bedrock_options *opt);
void bdk_creds_free(struct bedrock *b);

/* A profile that was named in so many words goes before keys in the environment, which the variable
 * AWS_PROFILE does not: is this source left out for it? */
int bdk_creds_skips(const struct bedrock *b, enum bdk_source source);

/*
 * Have Region and keys ready: 0, BEDROCK_WANT_* while they are being fetched, below zero told in e. However
 * many calls ask, they are fetched once; a failure is everybody's for a while.
 */
int bdk_creds_step(struct bedrock *b, struct bedrock_error *e);

/* What that waits for: as bedrock_fd(), bedrock_events() and bedrock_timeout_ms(). */
int bdk_creds_fd(const struct bedrock *b);
int bdk_creds_events(const struct bedrock *b);
int bdk_creds_timeout_ms(const struct bedrock *b);

/* Stop what is being fetched; release what fetching needs. */
void bdk_run_stop(struct bedrock *b);
void bdk_run_free(struct bedrock *b);

/* Set up for instance metadata from environment and profile. 0, BDK_IMDS_OFF, or told in e; bdk_imds_free()
 * it in any case. */
int bdk_imds_open(const struct bedrock *b, struct bdk_imds *m, struct bedrock_error *e);

#endif

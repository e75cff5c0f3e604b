# bedrock - Amazon Bedrock from C. POSIX make; needs a C compiler and BearSSL (make deps).
#
# CC CFLAGS LDFLAGS AR PREFIX DESTDIR are yours; what the sources need is added to them.

CC = cc
CFLAGS = -O2
LDFLAGS =
AR = ar
PREFIX = /usr/local
DESTDIR =

# BearSSL's headers stand in a folder of their own in Debian, where musl-gcc does not look by itself.
BEARSSL_CFLAGS = -isystem /usr/include/bearssl
BEARSSL_LIBS = -lbearssl
WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow
WERROR =
# the public test suites of the specifications, outside of this repository
VECTORS = ../shared/spec/vectors
# how long `make fuzz` lets each target run
FUZZ_SECONDS = 60

ALL_CFLAGS = -std=c11 -I. $(WARNINGS) $(WERROR) $(CFLAGS)
ALL_LIBS = libbedrock.a tools/fortify.o $(LDFLAGS) $(BEARSSL_LIBS)

LIB_OBJ = open.o where.o errand.o bedrock.o request.o head.o call.o retry.o error.o models.o access.o \
	message.o assemble.o document.o fragment.o body.o names.o media.o \
	conn.o tls.o net.o file.o p256.o \
	config.o endpoint.o proxy.o profiles.o ini.o \
	creds.o provide.o sources.o plan.o keys.o apikey.o \
	imds.o container.o process.o sts.o sso.o login.o cachefile.o xml.o \
	http.o eventstream.o json.o writer.o sigv4.o x509.o roots.o \
	base64.o date.o crc32.o sha256.o cpu.o buffer.o
CLI_OBJ = cli/main.o cli/options.o cli/args.o cli/nearest.o cli/help.o cli/input.o cli/output.o cli/save.o \
	cli/errors.o cli/hints.o cli/table.o \
	cli/compose.o cli/parts.o cli/tools.o cli/converse.o cli/targets.o cli/many.o cli/wait.o \
	cli/answer.o cli/show.o cli/summary.o cli/agent.o cli/run.o \
	cli/models.o cli/fetch.o cli/lookup.o cli/found.o cli/accessible.o cli/check.o \
	cli/access.o cli/verdict.o cli/accept.o \
	cli/whoami.o cli/profiles.o cli/probe.o cli/key.o cli/mfa.o \
	cli/invoke.o cli/tokens.o cli/guard.o cli/api.o
EMU_OBJ = test/emulator.o test/emu_options.o test/emu_conn.o test/emu_proxy.o test/emu_tls.o test/emu_cert.o \
	test/emu_http.o test/emu_base64.o test/emu_sigv4.o test/emu_service.o \
	test/emu_models.o test/emu_profiles.o test/emu_access.o test/emu_custom.o test/emu_pages.o \
	test/emu_converse.o test/emu_check.o test/emu_messages.o test/emu_blocks.o test/emu_fields.o \
	test/emu_says.o test/emu_wishes.o test/emu_faults.o test/emu_invoke.o test/emu_native.o \
	test/emu_guard.o test/emu_apply.o \
	test/emu_creds.o test/emu_imds.o test/emu_container.o test/emu_sts.o test/emu_sso.o \
	test/emu_signin.o test/emu_dpop.o
T_OBJ = test/t.o test/files.o test/mock.o test/service.o test/exchange.o test/model.o \
	test/world.o test/vectors.o test/emu_cert.o test/emu_tls.o
UNIT = test/test_call test/test_request test/test_models test/test_access test/test_message \
	test/test_assemble test/test_body test/test_media \
	test/test_retry test/test_error test/test_wait test/test_pool test/test_faults \
	test/test_conn test/test_p256 test/test_x509 test/test_roots test/test_file \
	test/test_config test/test_endpoint test/test_proxy test/test_profiles test/test_ini \
	test/test_where test/test_creds test/test_provide test/test_renewal test/test_sources \
	test/test_plan test/test_keys test/test_apikey \
	test/test_imds test/test_container test/test_process test/test_sts test/test_sso test/test_login \
	test/test_cachefile test/test_xml \
	test/test_http test/test_eventstream test/test_json test/test_writer test/test_sigv4 \
	test/test_base64 test/test_date test/test_crc32 test/test_sha256 test/test_buffer test/test_check_model
VEC = test/vectors_sigv4 test/vectors_eventstream test/vectors_requests test/vectors_errors \
	test/vectors_model test/vectors_endpoints test/vectors_profiles \
	test/vectors_credentials test/vectors_providers test/vectors_login
REPLAY = fuzz/replay_body fuzz/replay_json fuzz/replay_ini fuzz/replay_http fuzz/replay_eventstream \
	fuzz/replay_sigv4 fuzz/replay_xml fuzz/replay_x509 fuzz/replay_providers fuzz/replay_response \
	fuzz/replay_assemble
EXAMPLES = examples/ask examples/stream examples/many examples/loop_epoll examples/agent
BENCH = bench/micro bench/peak bench/many

all: libbedrock.a bedrock bedrock-emulator

.SUFFIXES:
.SUFFIXES: .o .c
.c.o:
	$(CC) $(ALL_CFLAGS) -c $< -o $@
tls.o: tls.c
	@$(CC) $(BEARSSL_CFLAGS) -E tls.c > /dev/null 2>&1 || \
		echo 'tls.c needs bearssl.h: make deps installs BearSSL, BEARSSL_CFLAGS says where it is'
	$(CC) $(ALL_CFLAGS) $(BEARSSL_CFLAGS) -c tls.c -o $@
p256.o: p256.c
	$(CC) $(ALL_CFLAGS) $(BEARSSL_CFLAGS) -c p256.c -o $@
test/emu_tls.o: test/emu_tls.c
	$(CC) $(ALL_CFLAGS) $(BEARSSL_CFLAGS) -c test/emu_tls.c -o $@
test/emu_sigv4.o: test/emu_sigv4.c
	$(CC) $(ALL_CFLAGS) $(BEARSSL_CFLAGS) -c test/emu_sigv4.c -o $@
test/emu_dpop.o: test/emu_dpop.c
	$(CC) $(ALL_CFLAGS) $(BEARSSL_CFLAGS) -c test/emu_dpop.c -o $@

libbedrock.a: $(LIB_OBJ)
	rm -f $@
	$(AR) rcs $@ $(LIB_OBJ)
bedrock: $(CLI_OBJ) libbedrock.a tools/fortify.o
	$(CC) $(CFLAGS) -o $@ $(CLI_OBJ) $(ALL_LIBS)
bedrock-emulator: $(EMU_OBJ) libbedrock.a tools/fortify.o
	$(CC) $(CFLAGS) -o $@ $(EMU_OBJ) $(ALL_LIBS)

$(LIB_OBJ): bedrock.h bedrock_int.h bedrock_creds.h bedrock_pure.h
$(CLI_OBJ): bedrock.h cli/cli.h
$(EMU_OBJ): bedrock.h test/emu.h
$(T_OBJ): bedrock.h bedrock_int.h bedrock_creds.h bedrock_pure.h test/t.h test/files.h test/mock.h \
	test/service.h test/exchange.h test/model.h test/vectors.h test/world.h

# ---- Man page -------------------------------------------------------------------------------------

tools/man: tools/man.c cli/options.o libbedrock.a
	$(CC) $(ALL_CFLAGS) -o $@ tools/man.c cli/options.o $(ALL_LIBS)
man: tools/man
	./tools/man > doc/bedrock.1

# ---- Tests ----------------------------------------------------------------------------------------

test/libt.a: $(T_OBJ)
	rm -f $@
	$(AR) rcs $@ $(T_OBJ)
# a program of one source: what else it needs is named below
.c:
	$(CC) $(ALL_CFLAGS) $(BEARSSL_CFLAGS) -o $@ $< test/libt.a $(ALL_LIBS)
$(UNIT) $(VEC) $(EXAMPLES) $(BENCH) test/tls_client test/creds_client test/check_model: libbedrock.a \
	test/libt.a tools/fortify.o bedrock_int.h bedrock_creds.h bedrock_pure.h
# older C libraries keep pthread_atfork() elsewhere
test/test_process: test/test_process.c
	$(CC) $(ALL_CFLAGS) $(BEARSSL_CFLAGS) -pthread -o $@ test/test_process.c test/libt.a $(ALL_LIBS)
$(REPLAY): libbedrock.a tools/fortify.o fuzz/replay.o test/libt.a
	$(CC) $(ALL_CFLAGS) -o $@ `echo $@ | sed 's/replay_/fuzz_/'`.c fuzz/replay.o test/libt.a $(ALL_LIBS)
$(REPLAY): fuzz/fuzz.h bedrock_int.h bedrock_creds.h bedrock_pure.h
fuzz/replay_json: fuzz/fuzz_json.c
fuzz/replay_body: fuzz/fuzz_body.c
fuzz/replay_ini: fuzz/fuzz_ini.c
fuzz/replay_http: fuzz/fuzz_http.c
fuzz/replay_eventstream: fuzz/fuzz_eventstream.c
fuzz/replay_sigv4: fuzz/fuzz_sigv4.c
fuzz/replay_xml: fuzz/fuzz_xml.c
fuzz/replay_providers: fuzz/fuzz_providers.c
fuzz/replay_x509: fuzz/fuzz_x509.c
fuzz/replay_response: fuzz/fuzz_response.c
fuzz/replay_assemble: fuzz/fuzz_assemble.c

# everything that the rungs below run
programs: all $(UNIT) $(VEC) $(REPLAY) test/tls_client test/creds_client test/check_model tools/man $(EXAMPLES)
# after every edit: no network, seconds
check: $(UNIT)
	sh test/tally.sh unit $(UNIT)
vectors: all $(VEC) test/check_model
	VECTORS=$(VECTORS) sh test/tally.sh vectors $(VEC) test/bodies.sh test/golden.sh test/model.sh
replay: $(REPLAY)
	sh test/tally.sh replay $(REPLAY)
emulator: all tools/man test/tls_client test/creds_client $(EXAMPLES)
	sh test/tally.sh emulator test/cli.sh test/cli_many.sh test/cli_access.sh test/cli_answer.sh \
		test/cli_request.sh test/cli_tools.sh test/cli_commands.sh test/cli_creds.sh test/cli_whoami.sh \
		test/proxy.sh test/tls.sh test/emulator_blocks.sh test/emulator_api.sh test/emulator_creds.sh \
		test/readme.sh
interop: all
	sh test/tally.sh interop test/interop/run.sh
asan:
	sh test/variant.sh asan
# the whole ladder; ends with one line over all rungs
test:
	sh test/ladder.sh
fuzz:
	sh fuzz/run.sh $(FUZZ_SECONDS)

# ---- Measures -------------------------------------------------------------------------------------

bench: all $(BENCH)
	sh bench/run.sh
size: all
	sh tools/size.sh

# ---- Set up, show, install ------------------------------------------------------------------------

# installs what is missing, and is the only target that installs anything; not with -j beside others
deps:
	sh tools/deps.sh $(MAKECMDGOALS) $(.TARGETS)
demo: all
	./bedrock-emulator -- sh tools/demo.sh
install: all
	mkdir -p "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/include" \
		"$(DESTDIR)$(PREFIX)/lib/pkgconfig" "$(DESTDIR)$(PREFIX)/share/man/man1"
	cp bedrock bedrock-emulator "$(DESTDIR)$(PREFIX)/bin/"
	cp bedrock.h "$(DESTDIR)$(PREFIX)/include/"
	cp libbedrock.a "$(DESTDIR)$(PREFIX)/lib/"
	sed 's|@PREFIX@|$(PREFIX)|' bedrock.pc.in > "$(DESTDIR)$(PREFIX)/lib/pkgconfig/bedrock.pc"
	cp doc/bedrock.1 "$(DESTDIR)$(PREFIX)/share/man/man1/"
uninstall:
	cd "$(DESTDIR)$(PREFIX)" && rm -f bin/bedrock bin/bedrock-emulator include/bedrock.h \
		lib/libbedrock.a lib/pkgconfig/bedrock.pc share/man/man1/bedrock.1
clean:
	rm -f $(LIB_OBJ) $(CLI_OBJ) $(EMU_OBJ) $(T_OBJ) $(UNIT) $(VEC) $(REPLAY) $(EXAMPLES) $(BENCH) \
		fuzz/replay.o test/libt.a tools/fortify.o tools/man test/tls_client test/creds_client test/check_model \
		libbedrock.a bedrock bedrock-emulator
	rm -rf .build

.PHONY: all programs man check vectors replay emulator interop asan test fuzz bench size deps demo \
	install uninstall clean

/* The command line: solo5-hvt's forms, ours, and what is refused. */
#include "tender/options.h"
#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 24

static struct options_hvt options;
static struct error err;

static int parse(const char *const *words)
{
	char *argv[WORDS_MAX];
	int argc = 0;

	for (argv[argc++] = (char *)"muenbuild-hvt"; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	argv[argc] = NULL;
	err = (struct error){ 0 };
	return options_hvt_parse(&options, argc, argv, &err);
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

static void assert_refused(const char *word)
{
	ck_assert_msg(strstr(err.message, word), "'%s' is not in: %s", word, err.message);
	ck_assert_int_eq(err.kind, ERR_USAGE);
}

#define REFUSE(word, ...)                                                                          \
	do {                                                                                       \
		ck_assert_int_eq(PARSE(__VA_ARGS__), -1);                                          \
		assert_refused(word);                                                              \
		options_hvt_free(&options);                                                        \
	} while (0)

START_TEST(understands_solo5_hvt)
{
	ck_assert_int_eq(PARSE("--mem=128", "--net-mac:service=02:00:00:00:00:aB",
			       "--net:service=tap100", "--net:backup=@7",
			       "--block:storage=/tmp/a,ro", "--block-sector-size:storage=4096",
			       "--dumpcore=/tmp", "--", "site.hvt", "--ipv4=10.0.0.2/24", "--",
			       "-l", "a b"),
			 0);
	ck_assert_uint_eq(options.memory, 128 << 20);
	ck_assert_uint_eq(options.net_count, 2);
	ck_assert_int_eq(options.nets[0].kind, NET_TAP);
	ck_assert_str_eq(options.nets[0].interface, "tap100");
	ck_assert(options.nets[0].has_mac);
	ck_assert_uint_eq(options.nets[0].mac[5], 0xab);
	ck_assert_int_eq(options.nets[1].kind, NET_FD);
	ck_assert_int_eq(options.nets[1].fd, 7);
	ck_assert_str_eq(options.blocks[0].path, "/tmp/a,ro"); /* a path, whole */
	ck_assert(!options.blocks[0].read_only);
	ck_assert_uint_eq(options.blocks[0].block_size, 4096);
	ck_assert_str_eq(options.kernel, "site.hvt");
	ck_assert_str_eq(options.command_line, "--ipv4=10.0.0.2/24 -- -l a b");
	options_hvt_free(&options);
}
END_TEST

START_TEST(helps_whatever_else_is_wrong)
{
	ck_assert_int_eq(PARSE("--bogus", "--mem=x", "--help", "site.hvt"), 0);
	ck_assert(options.help);
	options_hvt_free(&options);
	ck_assert_int_eq(PARSE("--net:service=", "--version"), 0);
	ck_assert(options.version);
	options_hvt_free(&options);
	REFUSE("--bogus", "--bogus", "site.hvt", "--help");
	REFUSE("--bogus", "--bogus", "--", "--help");
	REFUSE("no unikernel", "--expect", "--help");
}
END_TEST

START_TEST(leaves_the_guests_words_alone)
{
	ck_assert_int_eq(PARSE("site.hvt", "--mem=1", "--help", "--", "x"), 0);
	ck_assert_uint_eq(options.memory, 512 << 20);
	ck_assert(!options.help);
	ck_assert_str_eq(options.command_line, "--mem=1 --help -- x");
	options_hvt_free(&options);
	ck_assert_int_eq(PARSE("site.hvt"), 0);
	ck_assert_str_eq(options.command_line, "");
	options_hvt_free(&options);
	ck_assert_int_eq(PARSE("--", "--strange-name"), 0);
	ck_assert_str_eq(options.kernel, "--strange-name");
	options_hvt_free(&options);
}
END_TEST

START_TEST(reads_options_anywhere)
{
	ck_assert_int_eq(PARSE("--options-anywhere", "site.hvt", "--mem", "1G", "--net",
			       "service=user", "--", "--mem=1", "x"),
			 0);
	ck_assert_uint_eq(options.memory, 1 << 30);
	ck_assert_int_eq(options.nets[0].kind, NET_USER);
	ck_assert_str_eq(options.kernel, "site.hvt");
	ck_assert_str_eq(options.command_line, "--mem=1 x");
	options_hvt_free(&options);
	REFUSE("second unikernel", "--options-anywhere", "site.hvt", "x");
}
END_TEST

START_TEST(understands_networks)
{
	const struct net_spec *spec = &options.nets[0];

	ck_assert_int_eq(
		PARSE("--net",
		      "service=user,net=192.168.5.77/16,hostfwd=tcp:4433-:443,hostfwd=udp:0."
		      "0.0.0:53-192.168.9.9:5353,mac=02:00:00:00:00:01,pcap=a.pcap",
		      "x"),
		0);
	ck_assert_uint_eq(ntohl(spec->network.s_addr), 0xc0a80000);
	ck_assert_uint_eq(spec->prefix, 16);
	ck_assert_uint_eq(spec->forward_count, 2);
	ck_assert_uint_eq(ntohl(spec->forwards[0].host_address.s_addr), 0x7f000001);
	ck_assert_uint_eq(spec->forwards[0].host_port, 4433);
	ck_assert_uint_eq(ntohl(spec->forwards[0].guest_address.s_addr), 0xc0a80002);
	ck_assert_uint_eq(spec->forwards[0].guest_port, 443);
	ck_assert(!spec->forwards[0].udp && spec->forwards[1].udp);
	ck_assert_uint_eq(spec->forwards[1].host_address.s_addr, 0);
	ck_assert_uint_eq(ntohl(spec->forwards[1].guest_address.s_addr), 0xc0a80909);
	ck_assert(spec->has_mac);
	ck_assert_str_eq(spec->pcap, "a.pcap");
	options_hvt_free(&options);
	ck_assert_int_eq(PARSE("--net=service=tap,bridge=br0,ifname=mine", "x"), 0);
	ck_assert_int_eq(spec->kind, NET_NEW_TAP);
	ck_assert_str_eq(spec->bridge, "br0");
	ck_assert_str_eq(spec->interface, "mine");
	options_hvt_free(&options);
	ck_assert_int_eq(PARSE("--net=service=user", "x"), 0);
	ck_assert_uint_eq(ntohl(net_user_address(spec, NET_USER_GUEST).s_addr), 0x0a000002);
	options_hvt_free(&options);
}
END_TEST

START_TEST(refuses_bad_networks)
{
	static const char *const bad[] = {
		"service=",
		"service=tap0,bridge=br0",
		"service=user,bridge=br0",
		"service=tap,net=10.0.0.0/24",
		"service=a-name-that-is-too-long",
		"service=../x",
		"service=@",
		"service=@-1",
		"service=@99999999999",
		"service=@3x",
		"service=user,net=10.0.0.0",
		"service=user,net=10.0.0.0/30",
		"service=user,net=10.0.0.0/7",
		"service=user,net=10.0.0/24",
		"service=user,hostfwd=sctp:1-:1",
		"service=user,hostfwd=tcp:0-:1",
		"service=user,hostfwd=tcp:65536-:1",
		"service=user,hostfwd=tcp:80",
		"service=user,hostfwd=tcp:1.2.3:80-:80",
		"service=user,hostfwd=tcp:80-10.1.0.2:80",
		"service=user,mac=02:00:00:00:00",
		"service=user,mac=02:00:00:00:00:0g",
		"service=user,mac=02:00:00:00:00:011",
		"service=user,",
		"service=user,unknown",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		REFUSE("--net service", "--net", bad[i], "x");
	REFUSE("this form takes", "--net:service=user", "x");
	REFUSE("names no device", "--net", "user", "x");
	REFUSE("not the name of a device", "--net", "a-b=user", "x");
	REFUSE("not the name of a device", "--net:=tap0", "x");
	REFUSE("twice", "--net", "a=user", "--net", "a=user", "x");
}
END_TEST

START_TEST(understands_blocks)
{
	ck_assert_int_eq(PARSE("--block", "storage=/tmp/a,b,ro,sector=2048", "x"), 0);
	ck_assert_str_eq(options.blocks[0].path, "/tmp/a,b");
	ck_assert(options.blocks[0].read_only);
	ck_assert_uint_eq(options.blocks[0].block_size, 2048);
	options_hvt_free(&options);
	REFUSE("power of 2", "--block", "storage=a,sector=1000", "x");
	REFUSE("power of 2", "--block", "storage=a,sector=256", "x");
	REFUSE("power of 2", "--block", "storage=a,sector=65536", "x");
	REFUSE("path is missing", "--block", "storage=,ro", "x");
	REFUSE("twice", "--block", "a=1", "--block:a=2", "x");
}
END_TEST

START_TEST(refuses_bad_memory)
{
	static const char *const bad[] = {
		"0", "-1", "", "x", "512X", "99999999999999999999", "1 2"
	};
	char word[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(word, sizeof(word), "--mem=%s", bad[i]);
		REFUSE("Malformed argument to --mem", word, "x");
	}
}
END_TEST

START_TEST(understands_smoke_tests)
{
	ck_assert_int_eq(PARSE("--expect", "ready", "--reject=panic", "--timeout", "1500ms",
			       "--http-check", "http://localhost:8080/", "x"),
			 0);
	ck_assert_uint_eq(options.pattern_count, 2);
	ck_assert(!options.patterns[0].reject && options.patterns[1].reject);
	ck_assert_uint_eq(options.timeout, 1500000000);
	ck_assert_uint_eq(options.probe_count, 1);
	options_hvt_free(&options);
}
END_TEST

START_TEST(understands_durations)
{
	static const struct {
		const char *text;
		uint64_t nanoseconds; /* 0: refused */
	} cases[] = {
		{ "10s", 10000000000 },
		{ "10", 10000000000 },
		{ "1ms", 1000000 },
		{ "2m", 120000000000 },
		{ "0s", 0 },
		{ "", 0 },
		{ "s", 0 },
		{ "-1s", 0 },
		{ "1h", 0 },
		{ "1.5s", 0 },
		{ "1s ", 0 },
		{ "18446744073709551615s", 0 },
		{ "527040m", 527040ull * 60000000000 },
		{ "527041m", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t found = 0;

		ck_assert_msg(duration_parse(cases[i].text, &found) ==
					      (cases[i].nanoseconds ? 0 : -1) &&
				      found == cases[i].nanoseconds,
			      "%s", cases[i].text);
	}
}
END_TEST

START_TEST(gives_a_lone_capture_to_the_only_device)
{
	ck_assert_int_eq(PARSE("--pcap", "a.pcap", "--net", "service=user", "x"), 0);
	ck_assert_str_eq(options.nets[0].pcap, "a.pcap");
	options_hvt_free(&options);
	ck_assert_int_eq(PARSE("--pcap:b=b.pcap", "--net", "a=user", "--net=b=user", "x"), 0);
	ck_assert_str_eq(options.nets[0].name, "b");
	ck_assert_int_eq(options.nets[0].kind, NET_USER);
	ck_assert_str_eq(options.nets[0].pcap, "b.pcap");
	options_hvt_free(&options);
	REFUSE("one must be named", "--pcap", "a.pcap", "x");
}
END_TEST

START_TEST(refuses_bad_words)
{
	REFUSE("no unikernel is named", "--mem=1");
	REFUSE("no unikernel is named", "--");
	REFUSE("Invalid option: `--nett=a'", "--nett=a", "x");
	REFUSE("Invalid option: `-m'", "-m", "x");
	REFUSE("Invalid option: `--mem:a=1'", "--mem:a=1", "x");
	REFUSE("Invalid option: `--net:a'", "--net:a", "x");
	REFUSE("Invalid option: `--verbose=1'", "--verbose=1", "x");
	REFUSE("its value is missing", "--mem");
	REFUSE("--uid", "--uid=root", "x");
	REFUSE("--json: the path is missing", "--json=", "x");
	REFUSE("--pcap: the path is missing", "--pcap=", "x");
	REFUSE("--pcap: the path is missing", "--pcap=a=", "x");
	REFUSE("'bogus'", "--net=a=user,pcap=b,bogus", "x");
	REFUSE("none of auto, on and off", "--ring=yes", "x");
	ck_assert_int_eq(PARSE("--foo=1", "site.hvt"), -1);
	options_hvt_free(&options);
	ck_assert_int_eq(PARSE("--mem=1", "--help", "--foo"), 0);
	ck_assert(options.help);
	options_hvt_free(&options);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tender_options");
	TCase *tests = tcase_create("options");

	tcase_add_test(tests, understands_solo5_hvt);
	tcase_add_test(tests, helps_whatever_else_is_wrong);
	tcase_add_test(tests, leaves_the_guests_words_alone);
	tcase_add_test(tests, reads_options_anywhere);
	tcase_add_test(tests, understands_networks);
	tcase_add_test(tests, refuses_bad_networks);
	tcase_add_test(tests, understands_blocks);
	tcase_add_test(tests, refuses_bad_memory);
	tcase_add_test(tests, understands_smoke_tests);
	tcase_add_test(tests, understands_durations);
	tcase_add_test(tests, gives_a_lone_capture_to_the_only_device);
	tcase_add_test(tests, refuses_bad_words);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

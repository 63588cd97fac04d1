/* What the options of an iPXE script may hold, and what comes out of them. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "sign/ipxe/script.h"
#include "tests/unit/support.h"

#include <string.h>

static struct findings findings;
static struct error err;
static struct buffer text;

static int write_script(const struct ipxe_script *script)
{
	findings_free(&findings);
	buffer_free(&text);
	err = (struct error){ 0 };
	return ipxe_script_write(script, &text, &findings, &err);
}

static void expect_refused(const struct ipxe_script *script, const char *message)
{
	ck_assert_msg(write_script(script) == -1, "accepted: %s", message);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_msg(strstr(err.message, message), "'%s' is not in '%s'", message, err.message);
	ck_assert_ptr_null(text.data);
}

static void expect_accepted(const struct ipxe_script *script, const char *line)
{
	ck_assert_msg(write_script(script) == 0, "%s", err.message);
	ck_assert_msg(strstr(text.data, line), "'%s' is not in\n%s", line, text.data);
}

static void expect_warning(const struct ipxe_script *script, const char *message)
{
	ck_assert_msg(write_script(script) == 0, "%s", err.message);
	ck_assert_uint_eq(findings.count, 1);
	ck_assert_ptr_nonnull(strstr(findings.list[0].text, message));
}

static struct ipxe_script static_script(void)
{
	struct ipxe_script script = ipxe_script_defaults();

	script.network = IPXE_STATIC;
	script.address = "192.168.199.4";
	script.netmask = "255.255.255.0";
	script.gateway = "192.168.199.1";
	script.url = "http://192.168.199.2";
	return script;
}

/* ---- the network --------------------------------------------------------- */

START_TEST(test_usual_example)
{
	struct ipxe_script script = static_script();

	expect_accepted(&script, "\nifopen net0 || goto no_network\n"
				 "set net0/ip 192.168.199.4 || goto no_network\n"
				 "set net0/netmask 255.255.255.0 || goto no_network\n"
				 "set net0/gateway 192.168.199.1 || goto no_network\n"
				 "kernel http://192.168.199.2/memdisk || goto no_file\n"
				 "initrd http://192.168.199.2/muen.iso || goto no_file\n"
				 "imgverify memdisk http://192.168.199.2/memdisk.sig || goto "
				 "bad_signature\n"
				 "imgverify muen.iso http://192.168.199.2/muen.iso.sig || goto "
				 "bad_signature\n"
				 "imgstat || goto failed\n"
				 "imgargs memdisk iso raw || goto failed\n"
				 "boot || goto not_booted\n");
	ck_assert(!strncmp(text.data, "#!ipxe\n", 7));
	ck_assert_uint_eq(findings.count, 0);
}
END_TEST

START_TEST(test_deterministic)
{
	struct ipxe_script script = static_script();
	cleanup_free char *first = NULL;

	ck_assert_int_eq(write_script(&script), 0);
	first = xstrdup(text.data);
	ck_assert_int_eq(write_script(&script), 0);
	ck_assert_str_eq(first, text.data);
	/* Another way to say the same. */
	script.address = "192.168.199.4/24";
	script.netmask = NULL;
	script.url = "http://192.168.199.2/";
	ck_assert_int_eq(write_script(&script), 0);
	ck_assert_str_eq(first, text.data);
}
END_TEST

START_TEST(test_addresses)
{
	static const char *const bad[] = { "",
					   "192.168.199",
					   "192.168.199.256",
					   "192.168.199.4.5",
					   "192.168.199.04",
					   " 192.168.199.4",
					   "192.168.199.4 ",
					   "0xc0a8c704",
					   "::1",
					   "localhost",
					   "192.168.199.4;",
					   "${net0/ip}" };
	static const char *const no_host[] = { "0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1",
					       "255.255.255.255" };
	struct ipxe_script script = static_script();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		script = static_script();
		script.address = bad[i];
		expect_refused(&script, "--ip: ");
		script = static_script();
		script.gateway = bad[i];
		expect_refused(&script, "--gateway: ");
		script = static_script();
		script.dns = bad[i];
		expect_refused(&script, "--dns: ");
		script = static_script();
		script.netmask = bad[i];
		expect_refused(&script, "--netmask: ");
	}
	for (size_t i = 0; i < sizeof(no_host) / sizeof(no_host[0]); i++) {
		script = static_script();
		script.address = no_host[i];
		expect_refused(&script, "is not an address of a machine");
	}
}
END_TEST

START_TEST(test_netmasks)
{
	static const char *const bad[] = { "0.0.0.0",	"255.0.255.0", "255.255.255.1",
					   "0.0.0.255", "1.0.0.0",     "255.255.253.0" };
	static const char *const good[] = { "128.0.0.0", "255.0.0.0", "255.255.254.0",
					    "255.255.255.240" };
	static const char *const bad_prefixes[] = { "192.168.199.4/",	 "192.168.199.4/0",
						    "192.168.199.4/33",	 "192.168.199.4/x",
						    "192.168.199.4/24/", "/24",
						    "192.168.199/24" };
	struct ipxe_script script = static_script();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		script.netmask = bad[i];
		expect_refused(&script, "is not a netmask");
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		script.netmask = good[i];
		expect_accepted(&script, good[i]);
	}
	script.netmask = NULL;
	expect_refused(&script, "needs the netmask");
	for (size_t i = 0; i < sizeof(bad_prefixes) / sizeof(bad_prefixes[0]); i++) {
		script.address = bad_prefixes[i];
		expect_refused(&script, "--ip: ");
	}
	script.address = "192.168.199.4/28";
	expect_accepted(&script, "netmask 255.255.255.240 ");
	script.netmask = "255.255.255.240";
	expect_refused(&script, "says it already");
}
END_TEST

START_TEST(test_networks)
{
	struct ipxe_script script = static_script();

	script.gateway = "192.168.1.1";
	expect_warning(&script, "192.168.1.1 is not in the network 192.168.199.0/255.255.255.0");
	script.gateway = "192.168.199.4";
	expect_refused(&script, "own address");
	script = static_script();
	script.address = "192.168.199.255";
	expect_refused(&script, "broadcast address");
	script.address = "192.168.199.0";
	expect_refused(&script, "first address");
	script.address = "192.168.199.0/31";
	script.netmask = NULL;
	script.gateway = "192.168.199.1";
	expect_accepted(&script, "set net0/ip 192.168.199.0 ");
	script = static_script();
	script.gateway = NULL;
	expect_accepted(&script, "set net0/netmask");
	ck_assert_ptr_null(strstr(text.data, "gateway"));
	script.url = "http://10.0.0.1";
	expect_refused(&script, "another network, and there is no gateway");
	script = static_script();
	script.url = "http://boot.example.org";
	expect_refused(&script, "there is no name server");
	script.dns = "192.168.199.1";
	expect_accepted(&script, "set net0/dns 192.168.199.1 ||");
	script.address = NULL;
	expect_refused(&script, "needs --ip");
}
END_TEST

START_TEST(test_interfaces)
{
	static const char *const bad[] = { "",	     "net",   "eth0", "net0 ", "net0/ip",
					   "net100", "net-1", "Net0", "net0x", "nett0" };
	struct ipxe_script script = static_script();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		script.interface = bad[i];
		expect_refused(&script, "--interface: ");
	}
	script.interface = "net12";
	expect_accepted(&script, "\nset net12/ip 192.168.199.4 ");
	script = ipxe_script_defaults();
	script.url = "http://h";
	expect_accepted(&script, "\ndhcp || goto no_network\n");
	script.interface = "net1";
	expect_accepted(&script, "\ndhcp net1 || goto no_network\n");
	script.network = IPXE_KEEP;
	expect_refused(&script, "--interface: the network is left as it is");
	script.interface = NULL;
	expect_accepted(&script, "kernel http://h/memdisk");
	ck_assert_ptr_null(strstr(text.data, "no_network"));
	script.address = "10.0.0.2";
	expect_refused(&script, "--ip is for --network static only, not keep");
	script.network = IPXE_DHCP;
	expect_refused(&script, "--ip is for --network static only, not dhcp");
}
END_TEST

/* ---- places and names ---------------------------------------------------- */

START_TEST(test_urls)
{
	static const char *const bad[] = {
		"",
		"192.168.199.2",
		"ftp://h",
		"file:///x",
		"HTTP://h",
		"http:/h",
		"http://",
		"http:///x",
		"http://user@h",
		"http://user:pw@h/",
		"http://h:0",
		"http://h:65536",
		"http://h:",
		"http://h:80x/",
		"http://h:0x50/",
		"http://h:080/",
		"http://1.2.3",
		"http://1.2.3.256/",
		"http://-h/",
		"http://h-/",
		"http://a..b/",
		"http://.a/",
		"http://a./",
		"http://[::1]/",
		"http://h//x",
		"http://h/../x",
		"http://h/.x",
		"http://h/x/..",
		"http://h/a b",
		"http://h/a?b",
		"http://h/a#b",
		"http://h/${uuid}",
		"http://${next-server}/",
		"http://h/%20",
		"http://h/a;b",
		"http://h/a\\",
		"http://h/\"a\"",
		"http://h/a'",
		"http://h/||",
		"http://h/a\nboot",
		"http://h/\xc3\xa4",
		"http://h_h/",
	};
	static const char *const good[] = { "http://h",
					    "http://192.168.199.2:8080",
					    "https://a-b.example.org/",
					    "tftp://10.0.0.1/muen/v1.2",
					    "http://h/~me/a_b-c",
					    "http://1a.example" };
	struct ipxe_script script = ipxe_script_defaults();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		script.url = bad[i];
		ck_assert_msg(write_script(&script) == -1, "accepted: %s", bad[i]);
		expect_refused(&script, "--url: ");
		ck_assert_msg(*err.mend, "no mend for %s", bad[i]);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		script.url = good[i];
		expect_accepted(&script, good[i]);
		ck_assert_ptr_null(strstr(strstr(text.data, good[i]) + 8, "//memdisk"));
	}
}
END_TEST

START_TEST(test_lengths)
{
	struct ipxe_script script = ipxe_script_defaults();
	char url[700] = "http://h/", name[200];

	memset(url + 9, 'x', sizeof(url) - 10);
	script.url = url;
	expect_refused(&script, "is too long");
	script.url = "http://h";
	memset(name, 'n', sizeof(name));
	name[101] = '\0';
	script.iso = name;
	expect_refused(&script, "--iso: ");
	name[100] = '\0';
	expect_accepted(&script, name);
}
END_TEST

START_TEST(test_names)
{
	static const char *const bad[] = { "",	   "a/b", "/a",	 ".a",	 "-a",	"a b",
					   "a\tb", "a;b", "a#b", "#a",	 "a%b", "${a}",
					   "a$b",  "a\\", "a\n", "a:b",	 "||",	"&&",
					   ";",	   "a'b", "a\"", "\xe4", "_a",	".." };
	struct ipxe_script script;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		script = static_script();
		script.iso = bad[i];
		expect_refused(&script, "--iso: ");
		script = static_script();
		script.memdisk = bad[i];
		expect_refused(&script, "--memdisk: ");
		script.platform = IPXE_UEFI; /* which has no memdisk: the name is not looked at */
		script.efi = bad[i];
		expect_refused(&script, "--efi: ");
		script.embedded = true;
		script.script = bad[i];
		expect_refused(&script, "--script: ");
	}
}
END_TEST

START_TEST(test_collisions)
{
	struct ipxe_script script = static_script();

	script.iso = "memdisk";
	expect_refused(&script, "apart");
	script.iso = "memdisk.sig";
	expect_refused(&script, "apart");
	script.iso = "memdisk.sigs";
	expect_accepted(&script, "imgverify memdisk.sigs ");
	script.iso = "a.iso";
	script.memdisk = "a.iso.sig";
	expect_refused(&script, "apart");
	script = static_script();
	script.platform = IPXE_AUTO;
	script.efi = "muen.iso";
	expect_refused(&script, "apart");
	script.efi = "muen.efi";
	expect_accepted(&script, "imgverify muen.efi ");
}
END_TEST

/* Whatever character an option takes, the script has the same lines and words. */
static void count_shape(const char *script, size_t *lines, size_t *words)
{
	*lines = *words = 0;
	for (const char *at = script; *at; at++) {
		*lines += *at == '\n';
		*words += (at[0] == ' ' || at[0] == '\t') && at[1] != ' ';
		if (at[0] == '$')
			ck_assert(!strncmp(at, "${platform}", 11));
	}
}

START_TEST(test_no_character_gets_out)
{
	struct ipxe_script script = static_script();
	size_t lines, words, lines_now, words_now, accepted = 0;

	script.url = "http://192.168.199.2/folder";
	ck_assert_int_eq(write_script(&script), 0);
	count_shape(text.data, &lines, &words);
	for (int c = 1; c < 256; c++) {
		char url[] = "http://192.168.199.2/fXolder", name[] = "mXuen.iso";

		*strchr(url, 'X') = (char)c;
		*strchr(name, 'X') = (char)c;
		for (int which = 0; which < 2; which++) {
			script.url = which ? "http://192.168.199.2/folder" : url;
			script.iso = which ? name : "muen.iso";
			if (write_script(&script) < 0)
				continue;
			accepted++;
			count_shape(text.data, &lines_now, &words_now);
			ck_assert_uint_eq(lines, lines_now);
			ck_assert_uint_eq(words, words_now);
		}
	}
	/* 62 letters and digits and 3 or 5 others; "/" gives another folder in a URL. */
	ck_assert_uint_eq(accepted, 62 + 3 + 62 + 4 + 1);
}
END_TEST

START_TEST(test_places)
{
	struct ipxe_script script = ipxe_script_defaults();

	expect_warning(&script, "next-server");
	ck_assert_ptr_nonnull(strstr(text.data, "\nkernel memdisk ||"));
	script.network = IPXE_KEEP;
	expect_accepted(&script, "\nimgverify muen.iso muen.iso.sig ||");
	ck_assert_uint_eq(findings.count, 0);
	script.embedded = true;
	expect_refused(&script, "needs --url");
	script.network = IPXE_DHCP;
	expect_accepted(&script, "\nimgfetch boot.ipxe || goto no_file\n"
				 "imgverify boot.ipxe boot.ipxe.sig || goto bad_signature\n"
				 "chain boot.ipxe || goto not_booted\n");
	script.url = "https://h";
	expect_warning(&script, "DOWNLOAD_PROTO_HTTPS");
}
END_TEST

START_TEST(test_delay)
{
	struct ipxe_script script = static_script();

	script.delay = 0;
	expect_accepted(&script, "sleep 3600 ||");
	script.on_failure = IPXE_RETRY;
	expect_refused(&script, "--delay: 0");
	script.delay = 86401;
	expect_refused(&script, "--delay: 86401");
	script.delay = 7;
	expect_accepted(&script, "\nsleep 7 ||\ngoto start\n");
	script.on_failure = IPXE_REBOOT;
	expect_accepted(&script, "\nsleep 7 ||\nreboot ||\n");
}
END_TEST

START_TEST(test_choices)
{
	enum ipxe_platform platform;
	enum ipxe_network network;
	enum ipxe_action action;

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(ipxe_platform_parse(ipxe_platform_name((enum ipxe_platform)i),
						     &platform, &err),
				 0);
		ck_assert_int_eq(platform, i);
		ck_assert_int_eq(
			ipxe_network_parse(ipxe_network_name((enum ipxe_network)i), &network, &err),
			0);
		ck_assert_int_eq(network, i);
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(
			ipxe_action_parse(ipxe_action_name((enum ipxe_action)i), &action, &err), 0);
		ck_assert_int_eq(action, i);
	}
	ck_assert_int_eq(ipxe_platform_parse("efi", &platform, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_str_eq(err.message, "--platform: 'efi' is none of bios, uefi, auto");
	ck_assert_int_eq(ipxe_action_parse("", &action, &err), -1);
	ck_assert_int_eq(ipxe_network_parse("none", &network, &err), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipxe_options");
	TCase *cases = tcase_create("options");

	tcase_add_test(cases, test_usual_example);
	tcase_add_test(cases, test_deterministic);
	tcase_add_test(cases, test_addresses);
	tcase_add_test(cases, test_netmasks);
	tcase_add_test(cases, test_networks);
	tcase_add_test(cases, test_interfaces);
	tcase_add_test(cases, test_urls);
	tcase_add_test(cases, test_lengths);
	tcase_add_test(cases, test_names);
	tcase_add_test(cases, test_collisions);
	tcase_add_test(cases, test_no_character_gets_out);
	tcase_add_test(cases, test_places);
	tcase_add_test(cases, test_delay);
	tcase_add_test(cases, test_choices);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}

/* What comes beside an iPXE script: how to build iPXE, and whether all files are there. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "sign/ipxe/script.h"
#include "sign/ipxe/served.h"
#include "tests/unit/support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct findings findings;
static struct error err;
static struct buffer text;

static struct ipxe_script static_script(void)
{
	struct ipxe_script script = ipxe_script_defaults();

	script.network = IPXE_STATIC;
	script.address = "192.168.199.4";
	script.netmask = "255.255.255.0";
	script.url = "http://192.168.199.2";
	return script;
}

/* ---- how to build iPXE --------------------------------------------------- */

static void expect_instructions(const struct ipxe_script *script, const struct ipxe_build *build,
				const char *words)
{
	buffer_free(&text);
	err = (struct error){ 0 };
	ck_assert_msg(ipxe_build_write(script, build, &text, &err) == 0, "%s", err.message);
	ck_assert_msg(strstr(text.data, words), "'%s' is not in\n%s", words, text.data);
}

START_TEST(test_instructions)
{
	struct ipxe_build build = { .embed = "/srv/embed.ipxe" };
	struct ipxe_script script = static_script();

	expect_instructions(&script, &build, "#define IMAGE_TRUST_CMD");
	ck_assert_ptr_nonnull(strstr(text.data, "EMBED=/srv/embed.ipxe"));
	ck_assert_ptr_nonnull(strstr(text.data, "CERT=sign.crt,ca.crt TRUST=ca.crt"));
	ck_assert_ptr_nonnull(strstr(text.data, "bin/ipxe.usb"));
	ck_assert_ptr_nonnull(strstr(text.data, ".trusted.list"));
	ck_assert_ptr_nonnull(strstr(text.data, "http://192.168.199.2/muen.iso and muen.iso.sig"));
	ck_assert_ptr_null(strstr(text.data, "bin-x86_64-efi/ipxe.efi"));
	ck_assert_ptr_null(strstr(text.data, "DOWNLOAD_PROTO_HTTPS"));
	ck_assert_ptr_null(strstr(text.data, "sanboot"));
	build.ca = "new-ca.pem";
	build.cert = "me.pem";
	script.platform = IPXE_AUTO;
	script.url = "https://192.168.199.2";
	script.on_failure = IPXE_SHELL;
	expect_instructions(&script, &build, "CERT=me.pem,new-ca.pem TRUST=new-ca.pem");
	ck_assert_ptr_nonnull(strstr(text.data, "bin-x86_64-efi/ipxe.efi"));
	ck_assert_ptr_nonnull(strstr(text.data, "DOWNLOAD_PROTO_HTTPS"));
	ck_assert_ptr_nonnull(strstr(text.data, "sanboot"));
	/* What is relative to its place cannot be compiled in. */
	script = ipxe_script_defaults();
	script.network = IPXE_KEEP;
	expect_instructions(&script, &build, "EMBED=embed.ipxe");
}
END_TEST

START_TEST(test_instructions_refused)
{
	static const char *const bad[] = { "",	 "a b", "a,b",	"$(x)", "a#b",
					   "-f", "a'b", "a\nb", "a;b",	"a:b" };
	struct ipxe_script script = static_script();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ipxe_build build = { .embed = bad[i] };

		buffer_free(&text);
		ck_assert_int_eq(ipxe_build_write(&script, &build, &text, &err), -1);
		ck_assert_int_eq(err.kind, ERR_USAGE);
		build = (struct ipxe_build){ .embed = "e", .ca = bad[i] };
		ck_assert_int_eq(ipxe_build_write(&script, &build, &text, &err), -1);
		build = (struct ipxe_build){ .embed = "e", .cert = bad[i] };
		ck_assert_int_eq(ipxe_build_write(&script, &build, &text, &err), -1);
		ck_assert_ptr_null(text.data);
	}
}
END_TEST

/* ---- files --------------------------------------------------------------- */

static char folder[] = "/tmp/ipxeXXXXXX";

static void put_file(const char *name, const void *bytes, size_t size)
{
	cleanup_free char *path = xasprintf("%s/%s", folder, name);

	ck_assert_msg(file_write(path, bytes, size, 0600, &err) == 0, "%s", err.message);
}

static void remove_folder(void)
{
	cleanup_free char *command = xasprintf("rm -r %s", folder);

	ck_assert_int_eq(system(command), 0);
}

static void expect_served(const struct ipxe_script *script, enum error_kind kind, const char *words)
{
	findings_free(&findings);
	err = (struct error){ 0 };
	ipxe_served_check(script, folder, 0, &findings, &err);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_msg(strstr(err.message, words), "'%s' is not in '%s'", words, err.message);
}

START_TEST(test_served)
{
	struct ipxe_script script = static_script();
	unsigned char bytes[0x300] = { 'M', 'Z' };

	ck_assert_ptr_nonnull(mkdtemp(folder));
	script.platform = IPXE_UEFI;
	expect_served(&script, ERR_NO_INPUT, "muen.efi");
	put_file("muen.efi", bytes, sizeof(bytes));
	expect_served(&script, ERR_INPUT, "is not an EFI program");
	memcpy(bytes + 0x3c, "\x80\0\0\0", 4);
	memcpy(bytes + 0x80, "PE\0\0", 4);
	put_file("muen.efi", bytes, sizeof(bytes));
	expect_served(&script, ERR_NO_INPUT, "muen.efi.sig");
	ck_assert_ptr_nonnull(strstr(err.mend, "muenbuild sign"));
	put_file("muen.efi.sig", "x", 1);
	expect_served(&script, ERR_NONE, "");
	memcpy(bytes + 0x3c, "\xff\xff\xff\xff", 4);
	put_file("muen.efi", bytes, sizeof(bytes));
	expect_served(&script, ERR_INPUT, "is not an EFI program");
	put_file("muen.efi", "MZ", 2);
	expect_served(&script, ERR_INPUT, "is not an EFI program");

	script.platform = IPXE_BIOS;
	put_file("memdisk", bytes, 0x203);
	expect_served(&script, ERR_INPUT, "is not memdisk");
	memcpy(bytes + 0x202, "HdrS", 4);
	put_file("memdisk", bytes, sizeof(bytes));
	put_file("memdisk.sig", "x", 1);
	expect_served(&script, ERR_NO_INPUT, "muen.iso");
	put_file("muen.iso", bytes, sizeof(bytes));
	expect_served(&script, ERR_INPUT, "is not an ISO 9660 image");

	script.embedded = true;
	put_file("boot.ipxe", "\xef\xbb\xbf#!ipxe\n", 10);
	expect_served(&script, ERR_INPUT, "is not a script for iPXE");
	put_file("boot.ipxe", "#!ipxe\n", 7);
	put_file("boot.ipxe.sig", "x", 1);
	expect_served(&script, ERR_NONE, "");
	remove_folder();
}
END_TEST

START_TEST(test_certificates)
{
	static const char one[] =
		"text\n-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
	cleanup_free char *path = NULL, *two = xasprintf("%s%s", one, one);

	ck_assert_ptr_nonnull(mkdtemp(strcpy(folder, "/tmp/ipxeXXXXXX")));
	path = xasprintf("%s/ca", folder);
	findings_free(&findings);
	ck_assert_int_eq(ipxe_certificate_check(path, true, &findings, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
	put_file("ca", "\x30\x82", 2);
	ck_assert_int_eq(ipxe_certificate_check(path, true, &findings, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "PEM"));
	put_file("ca", one, strlen(one));
	ck_assert_int_eq(ipxe_certificate_check(path, true, &findings, &err), 0);
	put_file("ca", two, strlen(two));
	ck_assert_int_eq(ipxe_certificate_check(path, false, &findings, &err), 0);
	ck_assert_uint_eq(findings.count, 0);
	ck_assert_int_eq(ipxe_certificate_check(path, true, &findings, &err), 0);
	ck_assert_uint_eq(findings.count, 1);
	remove_folder();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipxe_build");
	TCase *cases = tcase_create("build");

	tcase_add_test(cases, test_instructions);
	tcase_add_test(cases, test_instructions_refused);
	tcase_add_test(cases, test_served);
	tcase_add_test(cases, test_certificates);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}

/* The small parts of the tender: expectations, captures, block files, URLs, JSON, CPUID. */
#include "tender/block.h"
#include "tender/json.h"
#include "tender/net/pcap.h"
#include "tender/probe.h"
#include "tender/vm/kvm.h"
#include "tender/watch.h"
#include "tests/unit/support.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error err;
static char folder[] = "/tmp/tender-parts-XXXXXX";
static char path[256];

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
}

static void teardown(void)
{
	unlink(path);
	rmdir(folder);
}

/* ---- expectations ---- */

static struct watch watch;

static void see(const char *text)
{
	watch_output(&watch, text, strlen(text));
}

START_TEST(matches_lines_in_pieces)
{
	ck_assert_int_eq(watch_add(&watch, "^ready [0-9]+$", false, &err), 0);
	see("not ready 1\nrea");
	ck_assert_uint_eq(watch.expected, 1);
	see("dy ");
	see("12\r\n");
	ck_assert_uint_eq(watch.expected, 0);
	ck_assert_str_eq(watch.patterns[0].line, "ready 12");
	watch_free(&watch);
}
END_TEST

START_TEST(matches_a_line_without_end)
{
	ck_assert_int_eq(watch_add(&watch, "login:", false, &err), 0);
	see("login:");
	ck_assert_uint_eq(watch.expected, 0);
	watch_free(&watch);
}
END_TEST

START_TEST(notices_what_must_not_be)
{
	ck_assert_int_eq(watch_add(&watch, "a", false, &err), 0);
	ck_assert_int_eq(watch_add(&watch, "ABORT|trap", true, &err), 0);
	see("fine\n");
	ck_assert_ptr_null(watch.rejected);
	see("Solo5: ABORT: x\n");
	ck_assert_ptr_eq(watch.rejected, &watch.patterns[1]);
	watch_free(&watch);
}
END_TEST

START_TEST(copes_with_any_output)
{
	static char large[3 * WATCH_LINE_MAX];

	ck_assert_int_eq(watch_add(&watch, "end$", false, &err), 0);
	memset(large, 'x', sizeof(large));
	watch_output(&watch, large, sizeof(large));
	watch_output(&watch, large, sizeof(large));
	watch_output(&watch, "\n\0the \0end\n", 11);
	ck_assert_uint_eq(watch.expected, 0);
	watch_free(&watch);
	ck_assert_int_eq(watch_add(&watch, "(", false, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "--expect: '('"));
	watch_free(&watch);
}
END_TEST

/* ---- captures ---- */

START_TEST(records_frames)
{
	unsigned char bytes[256];
	struct pcap pcap;
	uint32_t word;
	int fd;

	ck_assert_int_eq(pcap_open(&pcap, path, &err), 0);
	pcap_record(&pcap, "frame", 5);
	pcap_record(&pcap, "", 0);
	ck_assert_uint_eq(pcap.frames, 2);
	close(pcap.fd);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), 24 + 16 + 5 + 16);
	close(fd);
	memcpy(&word, bytes, 4);
	ck_assert_uint_eq(word, 0xa1b23c4d);
	memcpy(&word, bytes + 20, 4);
	ck_assert_uint_eq(word, 1);
	memcpy(&word, bytes + 24 + 8, 4);
	ck_assert_uint_eq(word, 5);
	memcpy(&word, bytes + 24 + 12, 4);
	ck_assert_uint_eq(word, 5);
	ck_assert_mem_eq(bytes + 40, "frame", 5);
}
END_TEST

START_TEST(cuts_huge_frames)
{
	static unsigned char frame[70000];
	struct stat status;
	struct pcap pcap;

	ck_assert_int_eq(pcap_open(&pcap, path, &err), 0);
	pcap_record(&pcap, frame, sizeof(frame));
	close(pcap.fd);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_size, 24 + 16 + PCAP_SNAP_LENGTH);
}
END_TEST

START_TEST(ends_a_capture_that_fails)
{
	struct pcap pcap;

	ck_assert_int_eq(pcap_open(&pcap, path, &err), 0);
	close(pcap.fd);
	pcap.fd = open("/dev/full", O_WRONLY);
	pcap_record(&pcap, "frame", 5);
	ck_assert(pcap.failed);
	ck_assert_uint_eq(pcap.frames, 0);
	close(pcap.fd);
	ck_assert_int_eq(pcap_open(&pcap, "/dev/full", &err), -1);
	ck_assert_int_eq(pcap_open(&pcap, "/nonexistent/x", &err), -1);
}
END_TEST

/* ---- block files ---- */

static void make_file(off_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

START_TEST(opens_block_files)
{
	struct block block;

	make_file(8192);
	ck_assert_int_eq(block_open(&block, "storage", path, 4096, true, &err), 0);
	ck_assert_uint_eq(block.capacity, 8192);
	ck_assert_int_eq(block_write(&block, 0, "", 1), BLOCK_FAILED);
	block_close(&block);
	ck_assert_int_eq(block_open(&block, "storage", path, 16384, false, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "at least 1 block"));
	make_file(1000);
	ck_assert_int_eq(block_open(&block, "storage", path, 512, false, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "must be block aligned"));
	ck_assert_int_eq(block_open(&block, "storage", folder, 512, true, &err), -1);
	ck_assert_int_eq(block_open(&block, "storage", "/dev/null", 512, true, &err), -1);
	ck_assert_int_eq(block_open(&block, "storage", "/nonexistent", 512, true, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
}
END_TEST

/* ---- URLs ---- */

START_TEST(takes_urls_apart)
{
	static const char *const bad[] = {
		"https://a/",	  "http://",	     "http:///x",	  "http://:80/",
		"http://a:0/",	  "http://a:65536/", "http://a:80x/",	  "http://a:/",
		"http://a/b c",	  "http://a:123456", "http://a/\r\nX: y", "http://[::1",
		"http://[::1]x/", "http://[]x"
	};
	struct probe probe;

	ck_assert_int_eq(probe_parse(&probe, "http://localhost:8080/a?b", &err), 0);
	ck_assert_str_eq(probe.host, "localhost");
	ck_assert_str_eq(probe.port, "8080");
	ck_assert_str_eq(probe.path, "/a?b");
	ck_assert_int_eq(probe_parse(&probe, "http://10.0.0.2", &err), 0);
	ck_assert_str_eq(probe.port, "80");
	ck_assert_str_eq(probe.path, "");
	ck_assert_int_eq(probe_parse(&probe, "http://[fe80::1]:8080/x", &err), 0);
	ck_assert_str_eq(probe.host, "[fe80::1]");
	ck_assert_str_eq(probe.port, "8080");
	ck_assert_str_eq(probe.path, "/x");
	ck_assert_int_eq(probe_parse(&probe, "http://[::1]", &err), 0);
	ck_assert_str_eq(probe.port, "80");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(probe_parse(&probe, bad[i], &err) == -1, "%s", bad[i]);
}
END_TEST

START_TEST(reads_http_answers)
{
	ck_assert_int_eq(probe_http_status("HTTP/1.1 200 OK\r\n", 17), 200);
	ck_assert_int_eq(probe_http_status("HTTP/1.0 404", 12), 404);
	ck_assert_int_eq(probe_http_status("HTTP/1.1 20", 11), 0);
	ck_assert_int_eq(probe_http_status("HTTP/1.1 2x0 OK", 15), 0);
	ck_assert_int_eq(probe_http_status("SSH-2.0-OpenSSH", 15), 0);
	ck_assert_int_eq(probe_http_status("", 0), 0);
}
END_TEST

/* ---- JSON ---- */

START_TEST(writes_json)
{
	static const char nasty[] = "a\"b\\c\nd\x01\xff\x7f";
	cleanup_buffer struct buffer out = { 0 };
	struct json json = { .out = &out };
	json_error_t problem;
	json_t *document;

	json_begin(&json, NULL, '{');
	json_put_text(&json, "text", nasty);
	json_put_text(&json, "utf8", "gr\xc3\xbc\xc3\x9f");
	json_put_number(&json, "number", 1ull << 53);
	json_begin(&json, "empty", '[');
	json_end(&json, ']');
	json_begin(&json, "list", '[');
	json_put_bool(&json, NULL, true);
	json_put_null(&json, NULL);
	json_begin(&json, NULL, '{');
	json_end(&json, '}');
	json_end(&json, ']');
	json_end(&json, '}');
	document = json_loadb(out.data, out.length, 0, &problem);
	ck_assert_msg(document != NULL, "%s: %s", problem.text, out.data);
	ck_assert_int_eq(json_integer_value(json_object_get(document, "number")), 1ll << 53);
	ck_assert_uint_eq(json_array_size(json_object_get(document, "list")), 3);
	ck_assert_str_eq(json_string_value(json_object_get(document, "utf8")),
			 "gr\xc3\xbc\xc3\x9f");
	ck_assert_mem_eq(json_string_value(json_object_get(document, "text")), "a\"b\\c\nd\x01", 8);
	json_decref(document);
}
END_TEST

/* ---- CPUID ---- */

START_TEST(masks_features)
{
	static const struct {
		uint32_t function, index, eax, ebx, ecx, edx; /* what is left of all ones */
	} cases[] = {
		{ 1, 0, ~0u, ~0u, ~(1u << 3 | 1u << 5 | 1u << 6 | 1u << 15), ~0u },
		{ 7, 0, ~0u, ~(1u << 2 | 1u << 25), ~(1u << 30), ~0u },
		{ 7, 1, ~0u, ~0u, ~0u, ~0u },
		{ 0x12, 0, 0, 0, 0, 0 },
		{ 0x40000001, 0, 0, 0, 0, 0 },
		{ 0x80000001, 0, ~0u, ~0u, ~(1u << 2), ~0u },
		{ 0x8000000a, 0, 0, 0, 0, 0 },
		{ 0, 0, ~0u, ~0u, ~0u, ~0u },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kvm_cpuid_entry2 entry = { .function = cases[i].function,
						  .index = cases[i].index,
						  .eax = ~0u,
						  .ebx = ~0u,
						  .ecx = ~0u,
						  .edx = ~0u };

		kvm_mask_cpuid(&entry);
		ck_assert_uint_eq(entry.eax, cases[i].eax);
		ck_assert_uint_eq(entry.ebx, cases[i].ebx);
		ck_assert_uint_eq(entry.ecx, cases[i].ecx);
		ck_assert_uint_eq(entry.edx, cases[i].edx);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tender_parts");
	TCase *tests = tcase_create("parts");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, matches_lines_in_pieces);
	tcase_add_test(tests, matches_a_line_without_end);
	tcase_add_test(tests, notices_what_must_not_be);
	tcase_add_test(tests, copes_with_any_output);
	tcase_add_test(tests, records_frames);
	tcase_add_test(tests, cuts_huge_frames);
	tcase_add_test(tests, ends_a_capture_that_fails);
	tcase_add_test(tests, opens_block_files);
	tcase_add_test(tests, takes_urls_apart);
	tcase_add_test(tests, reads_http_answers);
	tcase_add_test(tests, writes_json);
	tcase_add_test(tests, masks_features);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

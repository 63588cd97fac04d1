/* The judge against what real iPXE decided, and that no altered byte passes it. */
#include "sign/judge/judge.h"

#include "base/alloc.h"
#include "tests/unit/judge_support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- recorded verdicts --------------------------------------------------- */

#define VECTORS "vectors/ipxe/"

/* The roots that the recorded iPXE trusted. */
struct trusted {
	struct ipxe_blob blobs[32];
	struct bytes bytes[32];
	size_t count;
};

static void trusted_free(struct trusted *trusted)
{
	for (size_t i = 0; i < trusted->count; i++) {
		bytes_free(&trusted->bytes[i]);
		free((char *)trusted->blobs[i].name);
	}
}

static void read_trusted(struct trusted *trusted, const char *folder)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	struct error err = { 0 };

	ck_assert(directory != NULL);
	while ((entry = readdir(directory))) {
		char *path;

		if (entry->d_name[0] == '.')
			continue;
		ck_assert_uint_lt(trusted->count, 32);
		path = xasprintf("%s/%s", folder, entry->d_name);
		ck_assert_int_eq(file_read(path, 1 << 20, 0, &trusted->bytes[trusted->count], &err),
				 0);
		trusted->blobs[trusted->count] =
			(struct ipxe_blob){ trusted->bytes[trusted->count].data,
					    trusted->bytes[trusted->count].size, path };
		trusted->count++;
	}
	closedir(directory);
}

enum { COLUMNS = 8 };

static void check_verdict(const char *id, const struct judgement *judgement, const char *verdict,
			  const char *code)
{
	char digits[16];

	ck_assert_msg(judgement->accepted == !strcmp(verdict, "accepted"), "%s: %s, not %s: %s", id,
		      judgement->rule, verdict, judgement->reason);
	ck_assert_int_eq(judgement->accepted, judgement->ipxe_accepts);
	if (!code || judgement->accepted)
		return;
	snprintf(digits, sizeof(digits), "%08x", judgement->code);
	ck_assert_msg(!strncmp(digits, code, 6), "%s: code %s, not %s: %s", id, digits, code,
		      judgement->reason);
}

static char *vector_path(const char *name)
{
	cleanup_free char *relative = xasprintf(VECTORS "%s", name);
	const char *path = shared_path(relative);

	ck_assert_msg(path != NULL, "%s is missing", relative);
	return xstrdup(path);
}

static void judge_row(char *const columns[COLUMNS], const struct trusted *trusted)
{
	static const int verdict_column[] = {
		[IPXE_1_21_1] = 6, [IPXE_2_0_0] = 5, [IPXE_MASTER] = 3
	};
	cleanup_free char *image = vector_path(columns[2]);
	cleanup_free char *signature = vector_path(columns[1]);
	cleanup_bytes struct bytes bytes = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(file_read(signature, 1 << 24, 0, &bytes, &err), 0);
	for (int version = IPXE_1_21_1; version <= IPXE_MASTER; version++) {
		cleanup_judgement struct judgement judgement = { 0 };
		struct ipxe_policy policy = { .version = (enum ipxe_version)version,
					      .time = PKI_NOW,
					      .roots = trusted->blobs,
					      .root_count = trusted->count };
		struct judge_content content = { .path = image };
		struct ipxe_blob blob = { bytes.data, bytes.size, columns[1] };

		ck_assert_msg(judge_signature(&policy, &content, &blob, &judgement, &err) == 0,
			      "%s: %s", columns[0], err.message);
		check_verdict(columns[0], &judgement, columns[verdict_column[version]],
			      version == IPXE_MASTER ? columns[4] : NULL);
	}
}

START_TEST(gives_the_recorded_verdicts)
{
	const char *found = shared_path(VECTORS "verdicts.tsv");
	cleanup_with(trusted_free) struct trusted trusted = { 0 };
	cleanup_fclose FILE *table = NULL;
	char line[1024];
	int rows = 0;

	if (!found) {
		printf("# SKIP no " VECTORS "verdicts.tsv\n");
		return;
	}
	table = fopen(found, "r");
	ck_assert(table && fgets(line, sizeof(line), table));
	read_trusted(&trusted, shared_path(VECTORS "roots"));
	for (; fgets(line, sizeof(line), table); rows++) {
		char *columns[COLUMNS], *rest = line;

		for (int i = 0; i < COLUMNS; i++)
			columns[i] = strsep(&rest, "\t\n");
		ck_assert_msg(columns[COLUMNS - 1] != NULL, "row %d has too few columns", rows + 1);
		judge_row(columns, &trusted);
	}
	ck_assert_int_ge(rows, 98);
}
END_TEST

/* ---- altered bytes ------------------------------------------------------- */

/* A signer that a tool writes, in its usual forms. */
static struct bytes sign_with(X509 *certificate, EVP_PKEY *key)
{
	struct pki_signer signer = { .certificate = certificate, .key = key };

	return pki_sign(&signer, 1, &world.root, 1, CONTENT, CONTENT_SIZE);
}

static void expect_rejected(const struct bytes *signature, size_t offset, unsigned char mask)
{
	cleanup_judgement struct judgement judgement =
		judge_bytes(signature, (struct setting){ 0 });

	ck_assert_msg(!judgement.accepted, "byte %zu xor %02x is accepted", offset, mask);
}

static void flip_everywhere(struct bytes *signature)
{
	static const unsigned char masks[] = {
		0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff
	};

	expect_bytes(signature, (struct setting){ 0 }, "accepted", 0);
	for (size_t offset = 0; offset < signature->size; offset++) {
		for (size_t i = 0; i < sizeof(masks); i++) {
			signature->data[offset] ^= masks[i];
			expect_rejected(signature, offset, masks[i]);
			signature->data[offset] ^= masks[i];
		}
	}
}

START_TEST(no_flipped_bit_of_a_signature_verifies)
{
	cleanup_bytes struct bytes signature = sign_with(world.signer, world.key);

	flip_everywhere(&signature);
}
END_TEST

START_TEST(no_flipped_bit_of_an_elliptic_signature_verifies)
{
	cleanup_bytes struct bytes signature = sign_with(world.ec_signer, world.ec_key);

	flip_everywhere(&signature);
}
END_TEST

START_TEST(no_flipped_bit_of_a_pem_signature_verifies)
{
	cleanup_bytes struct bytes der = sign_with(world.ec_signer, world.ec_key);
	cleanup_bytes struct bytes pem = pki_to_pem(&der);

	flip_everywhere(&pem);
}
END_TEST

START_TEST(no_flipped_bit_of_the_file_verifies)
{
	cleanup_bytes struct bytes signature = sign_with(world.signer, world.key);
	char content[] = CONTENT;

	for (size_t bit = 0; bit < 8 * CONTENT_SIZE; bit++) {
		content[bit / 8] ^= (char)(1 << bit % 8);
		if (content[bit / 8]) /* this one is a string */
			expect_bytes(&signature, (struct setting){ .content = content },
				     "wrong-content", 0x0227e13c);
		content[bit / 8] ^= (char)(1 << bit % 8);
	}
}
END_TEST

START_TEST(no_truncated_signature_verifies)
{
	cleanup_bytes struct bytes signature = sign_with(world.signer, world.key);

	for (size_t size = 0; size < signature.size; size++) {
		struct bytes cut = { signature.data, size, 0 };

		expect_bytes(&cut, (struct setting){ 0 }, size ? "truncated" : "not-a-signature",
			     0x3c00e003);
	}
}
END_TEST

START_TEST(no_truncated_pem_signature_verifies)
{
	cleanup_bytes struct bytes der = sign_with(world.signer, world.key);
	cleanup_bytes struct bytes pem = pki_to_pem(&der);

	/* Without its last line end it is whole still. */
	for (size_t size = 0; size < pem.size - 1; size++) {
		struct bytes cut = { pem.data, size, 0 };

		expect_rejected(&cut, size, 0);
	}
}
END_TEST

/* ---- what is told -------------------------------------------------------- */

START_TEST(tells_who_signed_and_until_when)
{
	cleanup_bytes struct bytes signature = sign_with(world.signer, world.key);
	cleanup_judgement struct judgement judgement =
		judge_bytes(&signature, (struct setting){ 0 });

	ck_assert_str_eq(judgement.signer, "CN=signer");
	ck_assert_uint_eq(judgement.signers, 1);
	ck_assert_uint_eq(judgement.certificate_count, 2);
	ck_assert_int_eq(judgement.valid_until, PKI_NOW + 365 * PKI_DAY);
	ck_assert_uint_eq(judgement.findings.count, 0);
	for (size_t i = 0; i < 2; i++) {
		const struct certificate_description *certificate = &judgement.certificates[i];

		ck_assert_str_eq(certificate->key, "RSA 2048");
		ck_assert_str_eq(certificate->issuer, "CN=root");
		ck_assert_int_eq(certificate->trusted, !strcmp(certificate->subject, "CN=root"));
		ck_assert_uint_eq(strlen(certificate->fingerprint), 64);
	}
}
END_TEST

START_TEST(warns_of_versions_that_refuse)
{
	cleanup_bytes struct bytes signature = sign_with(world.ec_signer, world.ec_key);
	cleanup_judgement struct judgement judgement =
		judge_bytes(&signature, (struct setting){ 0 });

	ck_assert_uint_eq(judgement.findings.count, 1);
	ck_assert_int_eq(judgement.findings.list[0].severity, FINDING_WARNING);
	ck_assert_ptr_nonnull(strstr(judgement.findings.list[0].text, "iPXE 1.21.1 would refuse"));
	ck_assert_ptr_nonnull(strstr(judgement.findings.list[0].mend, "newer iPXE"));
}
END_TEST

START_TEST(judges_a_file_as_it_judges_bytes)
{
	char path[] = "/tmp/test_judge.XXXXXX";
	cleanup_bytes struct bytes signature = sign_with(world.signer, world.key);
	cleanup_bytes struct bytes root = pki_pem(&world.root, 1);
	struct ipxe_blob root_blob = { root.data, root.size, "root.pem" };
	struct ipxe_policy policy = { IPXE_MASTER, PKI_NOW, &root_blob, 1, NULL, 0 };
	struct judge_content content = { .path = path };
	struct ipxe_blob blob = { signature.data, signature.size, "f.sig" };
	cleanup_judgement struct judgement judgement = { 0 };
	cleanup_judgement struct judgement missing = { 0 };
	struct error err = { 0 };
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, CONTENT, CONTENT_SIZE), CONTENT_SIZE);
	close(fd);
	ck_assert_int_eq(judge_signature(&policy, &content, &blob, &judgement, &err), 0);
	ck_assert(judgement.accepted);
	unlink(path);
	ck_assert_int_eq(judge_signature(&policy, &content, &blob, &missing, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NO_INPUT);
}
END_TEST

START_TEST(takes_a_digest_that_is_known)
{
	cleanup_bytes struct bytes signature = sign_with(world.signer, world.key);
	cleanup_bytes struct bytes root = pki_der(world.root);
	struct ipxe_blob root_blob = { root.data, root.size, "root.crt" };
	struct ipxe_policy policy = { IPXE_MASTER, PKI_NOW, &root_blob, 1, NULL, 0 };
	struct ipxe_blob blob = { signature.data, signature.size, "f.sig" };
	struct digest digest;
	struct judge_content content = { .data = (const unsigned char *)"other bytes",
					 .size = 11,
					 .known = &digest };
	cleanup_judgement struct judgement judgement = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(digest_bytes(DIGEST_SHA256, CONTENT, CONTENT_SIZE, &digest, &err), 0);
	ck_assert_int_eq(judge_signature(&policy, &content, &blob, &judgement, &err), 0);
	ck_assert(judgement.accepted);
}
END_TEST

START_TEST(fails_for_policies_that_are_no_certificates)
{
	cleanup_bytes struct bytes signature = sign_with(world.signer, world.key);
	struct ipxe_blob root = { (const unsigned char *)"no", 2, "root.crt" };
	struct ipxe_policy policy = { IPXE_MASTER, PKI_NOW, &root, 1, NULL, 0 };
	struct judge_content content = { .data = (const unsigned char *)"", .size = 0 };
	struct ipxe_blob blob = { signature.data, signature.size, "f.sig" };
	cleanup_judgement struct judgement judgement = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(judge_signature(&policy, &content, &blob, &judgement, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "root.crt"));
}
END_TEST

START_TEST(reads_versions)
{
	static const struct {
		const char *text;
		int version; /* -1: refused */
	} cases[] = {
		{ "1.21.1", IPXE_1_21_1 },
		{ "v1.21.1", IPXE_1_21_1 },
		{ "1.21", IPXE_1_21_1 },
		{ "1.22.5", IPXE_1_21_1 },
		{ "2.0.0", IPXE_2_0_0 },
		{ "v2.0.0", IPXE_2_0_0 },
		{ "2", IPXE_2_0_0 },
		{ "2.0.0+", IPXE_MASTER },
		{ "master", IPXE_MASTER },
		{ "1.20.1", -1 },
		{ "0.9", -1 },
		{ "", -1 },
		{ "2.x", -1 },
		{ "newest", -1 },
		{ "1.21.1.1", -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum ipxe_version version = IPXE_MASTER;
		struct error err = { 0 };
		int status = ipxe_version_parse(cases[i].text, &version, &err);

		ck_assert_msg(status == (cases[i].version < 0 ? -1 : 0), "'%s'", cases[i].text);
		if (status == 0)
			ck_assert_msg((int)version == cases[i].version, "'%s'", cases[i].text);
		else
			ck_assert_int_eq(err.kind, ERR_USAGE);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("judge");
	TCase *verdicts = tcase_create("verdicts"), *altered = tcase_create("altered");
	int status;

	world_begin();
	tcase_set_timeout(altered, 600);
	tcase_set_timeout(verdicts, 120);
	tcase_add_test(verdicts, gives_the_recorded_verdicts);
	tcase_add_test(verdicts, tells_who_signed_and_until_when);
	tcase_add_test(verdicts, warns_of_versions_that_refuse);
	tcase_add_test(verdicts, judges_a_file_as_it_judges_bytes);
	tcase_add_test(verdicts, takes_a_digest_that_is_known);
	tcase_add_test(verdicts, fails_for_policies_that_are_no_certificates);
	tcase_add_test(verdicts, reads_versions);
	tcase_add_test(altered, no_flipped_bit_of_a_signature_verifies);
	tcase_add_test(altered, no_flipped_bit_of_an_elliptic_signature_verifies);
	tcase_add_test(altered, no_flipped_bit_of_a_pem_signature_verifies);
	tcase_add_test(altered, no_flipped_bit_of_the_file_verifies);
	tcase_add_test(altered, no_truncated_signature_verifies);
	tcase_add_test(altered, no_truncated_pem_signature_verifies);
	suite_add_tcase(suite, verdicts);
	suite_add_tcase(suite, altered);
	status = run_suite(suite);
	world_end();
	return status;
}

/* What is signed, and what the pre-flight refuses. Certificates are of December 2026 (pki.h). */
#include "sign/cms.h"
#include "sign/signer.h"
#include "tests/unit/pki.h"
#include "tests/unit/scratch.h"
#include "tests/unit/support.h"

#include <sys/stat.h>

static const char content[] = "a kernel, an initrd, a script\n";

/* The world of these tests: root -> signer, with files for all of it. */
static struct {
	EVP_PKEY *root_key, *key, *ec_key;
	X509 *root, *signer, *ec_signer;
	char *root_path, *signer_path, *key_path, *ec_path, *ec_key_path;
} world;

static char *certificate_file(const char *name, X509 *certificate)
{
	struct bytes pem = pki_pem(&certificate, 1);
	char *path = scratch_bytes(name, pem.data, pem.size);

	bytes_free(&pem);
	return path;
}

static char *key_file(const char *name, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct bytes pem;
	char *path;

	pki_require(bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
	pem = pki_bytes_of_bio(bio);
	path = scratch_bytes(name, pem.data, pem.size);
	ck_assert_int_eq(chmod(path, 0600), 0);
	bytes_free(&pem);
	return path;
}

/* A signer as iPXE wants it; tests change one thing. */
static struct pki_spec good_signer(void)
{
	return (struct pki_spec){ .name = "signer",
				  .key = world.key,
				  .issuer = world.root,
				  .issuer_key = world.root_key,
				  .usage = PKI_SIGN_DATA,
				  .purpose = "codeSigning" };
}

static void world_begin(void)
{
	struct pki_spec ec;

	scratch_make();
	world.root_key = EVP_RSA_gen(2048);
	world.key = EVP_RSA_gen(2048);
	world.ec_key = EVP_EC_gen("P-256");
	world.root = pki_issue((struct pki_spec){ .name = "root",
						  .key = world.root_key,
						  .until = 3650 * PKI_DAY,
						  .from = -PKI_DAY,
						  .constraints = PKI_CA,
						  .usage = PKI_SIGN_CERTIFICATES });
	world.signer = pki_issue(good_signer());
	ec = good_signer();
	ec.key = world.ec_key;
	world.ec_signer = pki_issue(ec);
	world.root_path = certificate_file("root.crt", world.root);
	world.signer_path = certificate_file("signer.crt", world.signer);
	world.ec_path = certificate_file("ec.crt", world.ec_signer);
	world.key_path = key_file("signer.key", world.key);
	world.ec_key_path = key_file("ec.key", world.ec_key);
}

static void world_end(void)
{
	X509 *certificates[] = { world.root, world.signer, world.ec_signer };
	EVP_PKEY *keys[] = { world.root_key, world.key, world.ec_key };
	char *paths[] = { world.root_path, world.signer_path, world.ec_path, world.key_path,
			  world.ec_key_path };

	for (size_t i = 0; i < 3; i++) {
		X509_free(certificates[i]);
		EVP_PKEY_free(keys[i]);
	}
	for (size_t i = 0; i < 5; i++)
		free(paths[i]);
	scratch_remove();
}

/* ---- opening a signer ----------------------------------------------------------------------- */

/* What signer_open() did. */
struct outcome {
	struct signer *signer;
	struct judgement judgement;
	struct findings findings;
	struct passphrase passphrase;
	struct error err;
};

static void outcome_free(struct outcome *outcome)
{
	if (outcome->signer)
		signer_free(outcome->signer);
	judgement_free(&outcome->judgement);
	findings_free(&outcome->findings);
}
#define cleanup_outcome cleanup_with(outcome_free)

static struct signer_request request_for(const char *key, const char *certificate,
					 const char *const *authorities, size_t count)
{
	return (struct signer_request){ .key = key,
					.certificate = certificate,
					.authorities = authorities,
					.authority_count = count,
					.digest = DIGEST_SHA256,
					.ipxe = IPXE_2_0_0,
					.now = PKI_NOW,
					.margin = PKI_DAY };
}

static void open_with(struct outcome *outcome, struct signer_request request)
{
	*outcome = (struct outcome){ 0 };
	request.passphrase = &outcome->passphrase;
	outcome->signer =
		signer_open(&request, &outcome->findings, &outcome->judgement, &outcome->err);
}

/* The good signer's certificate replaced by one that this spec makes. */
static void open_variant(struct outcome *outcome, struct pki_spec spec)
{
	const char *authorities[] = { world.root_path };
	X509 *certificate = pki_issue(spec);
	char *path = certificate_file("variant.crt", certificate);

	open_with(outcome, request_for(world.key_path, path, authorities, 1));
	X509_free(certificate);
	free(path);
}

static void assert_refused(const struct outcome *outcome, const char *code, const char *text)
{
	ck_assert_ptr_null(outcome->signer);
	ck_assert_msg(outcome->err.kind == ERR_REFUSED, "%s", outcome->err.message);
	ck_assert_msg(strstr(outcome->err.message, code) != NULL, "%s", outcome->err.message);
	ck_assert_msg(strstr(outcome->err.message, text) != NULL, "%s", outcome->err.message);
	ck_assert_str_ne(outcome->err.mend, "");
	ck_assert(!outcome->judgement.accepted);
	ck_assert_ptr_nonnull(outcome->judgement.rule);
}

/* ---- signatures ----------------------------------------------------------------------------- */

static struct bytes sign_with(const struct signer *signer, enum digest_algorithm algorithm)
{
	struct digest digest;
	struct bytes der;
	struct error err = { 0 };

	ck_assert_int_eq(digest_bytes(algorithm, content, strlen(content), &digest, &err), 0);
	ck_assert_msg(signer_sign(signer, "content", &digest, &der, &err) == 0, "%s", err.message);
	return der;
}

START_TEST(signatures_are_those_that_openssl_makes)
{
	static const struct {
		enum digest_algorithm algorithm;
		const EVP_MD *(*md)(void);
	} cases[] = { { DIGEST_SHA256, EVP_sha256 },
		      { DIGEST_SHA384, EVP_sha384 },
		      { DIGEST_SHA512, EVP_sha512 } };
	const char *authorities[] = { world.root_path };

	for (size_t i = 0; i < 3; i++) {
		cleanup_outcome struct outcome outcome;
		struct signer_request request =
			request_for(world.key_path, world.signer_path, authorities, 1);
		struct pki_signer signer = { .certificate = world.signer,
					     .key = world.key,
					     .md = cases[i].md(),
					     .flags = CMS_NOSMIMECAP };
		struct bytes ours, again, theirs;

		request.digest = cases[i].algorithm;
		open_with(&outcome, request);
		ck_assert_msg(outcome.signer != NULL, "%s", outcome.err.message);
		ours = sign_with(outcome.signer, cases[i].algorithm);
		again = sign_with(outcome.signer, cases[i].algorithm);
		theirs = pki_sign(&signer, 1, &world.root, 1, content, strlen(content));
		ck_assert_uint_eq(ours.size, theirs.size);
		ck_assert_mem_eq(ours.data, theirs.data, theirs.size);
		ck_assert_uint_eq(again.size, ours.size);
		ck_assert_mem_eq(again.data, ours.data, ours.size);
		bytes_free(&ours);
		bytes_free(&again);
		bytes_free(&theirs);
	}
}
END_TEST

START_TEST(a_signature_is_one_der_object)
{
	const char *authorities[] = { world.root_path };
	cleanup_outcome struct outcome outcome;
	struct bytes der;

	open_with(&outcome, request_for(world.key_path, world.signer_path, authorities, 1));
	der = sign_with(outcome.signer, DIGEST_SHA256);
	/* SEQUENCE with a length of two bytes, which is the rest of the file. */
	ck_assert_uint_eq(der.data[0], 0x30);
	ck_assert_uint_eq(der.data[1], 0x82);
	ck_assert_uint_eq((size_t)der.data[2] << 8 | der.data[3], der.size - 4);
	bytes_free(&der);
}
END_TEST

START_TEST(elliptic_signers_work_where_ipxe_knows_them)
{
	const char *authorities[] = { world.root_path };
	struct signer_request request =
		request_for(world.ec_key_path, world.ec_path, authorities, 1);
	cleanup_outcome struct outcome outcome, old;
	struct bytes der;
	bool warned = false;

	open_with(&outcome, request);
	ck_assert_msg(outcome.signer != NULL, "%s", outcome.err.message);
	for (size_t i = 0; i < outcome.findings.count; i++)
		warned = warned || strstr(outcome.findings.list[i].text, "1.21.1");
	ck_assert(warned);
	der = sign_with(outcome.signer, DIGEST_SHA256);
	bytes_free(&der);
	request.ipxe = IPXE_1_21_1;
	open_with(&old, request);
	assert_refused(&old, "3c00e103", "1.21.1");
}
END_TEST

/* ---- chains
 * -------------------------------------------------------------------------------------- */

START_TEST(intermediates_are_found_in_any_order)
{
	struct pki_spec spec = { .name = "intermediate",
				 .key = world.ec_key,
				 .issuer = world.root,
				 .issuer_key = world.root_key,
				 .constraints = PKI_CA,
				 .usage = PKI_SIGN_CERTIFICATES };
	struct pki_spec leaf = good_signer();
	X509 *intermediate, *signer, *bundle[2];
	cleanup_outcome struct outcome outcome;
	struct bytes pem;
	char *signer_path, *middle_path;
	const char *authorities[2];

	spec.key = EVP_RSA_gen(2048);
	intermediate = pki_issue(spec);
	leaf.issuer = intermediate;
	leaf.issuer_key = spec.key;
	signer = pki_issue(leaf);
	/* The intermediate lies in the signer's own file, behind the root's. */
	bundle[0] = signer;
	bundle[1] = intermediate;
	pem = pki_pem(bundle, 2);
	signer_path = scratch_bytes("bundle.crt", pem.data, pem.size);
	middle_path = certificate_file("ec-again.crt", world.ec_signer);
	authorities[0] = middle_path; /* of no use */
	authorities[1] = world.root_path;
	open_with(&outcome, request_for(world.key_path, signer_path, authorities, 2));
	ck_assert_msg(outcome.signer != NULL, "%s", outcome.err.message);
	ck_assert_uint_eq(signer_chain(outcome.signer)->count, 3);
	ck_assert_str_eq(signer_chain(outcome.signer)->list[1]->subject, "CN=intermediate");
	ck_assert_str_eq(signer_chain(outcome.signer)->list[2]->subject, "CN=root");
	ck_assert_uint_eq(findings_count(&outcome.findings, FINDING_NOTE), 1);
	ck_assert_ptr_nonnull(strstr(outcome.findings.list[0].text, "ec-again.crt"));
	bytes_free(&pem);
	X509_free(signer);
	X509_free(intermediate);
	EVP_PKEY_free(spec.key);
	free(signer_path);
	free(middle_path);
}
END_TEST

START_TEST(two_possible_issuers_are_one_too_many)
{
	/* The CA issued again for the same key: iPXE would take either. */
	X509 *twin = pki_issue((struct pki_spec){ .name = "root",
						  .key = world.root_key,
						  .constraints = PKI_CA,
						  .usage = PKI_SIGN_CERTIFICATES });
	char *path = certificate_file("twin.crt", twin);
	const char *authorities[] = { world.root_path, path };
	cleanup_outcome struct outcome outcome;

	open_with(&outcome, request_for(world.key_path, world.signer_path, authorities, 2));
	ck_assert_ptr_null(outcome.signer);
	ck_assert_int_eq(outcome.err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(outcome.err.message, "twin.crt"));
	ck_assert_ptr_nonnull(strstr(outcome.err.message, "root.crt"));
	X509_free(twin);
	free(path);
}
END_TEST

START_TEST(the_same_ca_twice_is_one)
{
	const char *authorities[] = { world.root_path, world.root_path };
	cleanup_outcome struct outcome outcome;

	open_with(&outcome, request_for(world.key_path, world.signer_path, authorities, 2));
	ck_assert_msg(outcome.signer != NULL, "%s", outcome.err.message);
	ck_assert_uint_eq(signer_chain(outcome.signer)->count, 2);
}
END_TEST

START_TEST(another_ca_of_the_same_name_is_refused)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *impostor = pki_issue((struct pki_spec){ .name = "root",
						      .key = key,
						      .constraints = PKI_CA,
						      .usage = PKI_SIGN_CERTIFICATES });
	char *path = certificate_file("impostor.crt", impostor);
	const char *authorities[] = { path };
	cleanup_outcome struct outcome outcome;

	open_with(&outcome, request_for(world.key_path, world.signer_path, authorities, 1));
	assert_refused(&outcome, "0227e13c", "rule");
	X509_free(impostor);
	EVP_PKEY_free(key);
	free(path);
}
END_TEST

START_TEST(a_chain_without_root_is_refused)
{
	cleanup_outcome struct outcome outcome;

	open_with(&outcome, request_for(world.key_path, world.signer_path, NULL, 0));
	assert_refused(&outcome, "0216eb3c", "CN=root");
	ck_assert_ptr_nonnull(strstr(outcome.err.mend, "--ca"));
}
END_TEST

/* ---- rules
 * --------------------------------------------------------------------------------------- */

START_TEST(a_foreign_key_is_refused)
{
	const char *authorities[] = { world.root_path };
	char *path = key_file("root.key", world.root_key);
	cleanup_outcome struct outcome rsa, ec;

	open_with(&rsa, request_for(path, world.signer_path, authorities, 1));
	assert_refused(&rsa, "0227e13c", "key-matches-certificate");
	open_with(&ec, request_for(path, world.ec_path, authorities, 1));
	assert_refused(&ec, "1c69e502", "key-matches-certificate");
	free(path);
}
END_TEST

START_TEST(usages_are_required)
{
	struct pki_spec no_usage = good_signer(), no_purpose = good_signer(),
			repudiation = good_signer(), mail = good_signer();
	cleanup_outcome struct outcome one, two, three, four;

	no_usage.usage = NULL;
	open_variant(&one, no_usage);
	assert_refused(&one, "022ae13c", "variant.crt");
	no_purpose.purpose = NULL;
	open_variant(&two, no_purpose);
	assert_refused(&two, "022ae23c", "CN=signer");
	repudiation.usage = "critical,nonRepudiation";
	open_variant(&three, repudiation);
	assert_refused(&three, "022ae13c", "digitalSignature");
	mail.purpose = "emailProtection";
	open_variant(&four, mail);
	assert_refused(&four, "022ae23c", "codeSigning");
}
END_TEST

START_TEST(validity_is_required_for_the_margin)
{
	struct pki_spec expired = good_signer(), ending = good_signer(), unborn = good_signer();
	cleanup_outcome struct outcome gone, forgiven, soon, fine, later;
	const char *authorities[] = { world.root_path };
	struct signer_request request =
		request_for(world.key_path, world.signer_path, authorities, 1);

	expired.from = -10 * PKI_DAY;
	expired.until = -PKI_DAY;
	open_variant(&gone, expired);
	assert_refused(&gone, "0216e43c", "expired");
	/* iPXE forgives twelve hours; a signature that needs it is not made. */
	expired.until = -3600;
	open_variant(&forgiven, expired);
	assert_refused(&forgiven, "0216e43c", "ended 2026-11-30T23:00:00Z");
	ending.from = -PKI_DAY;
	ending.until = PKI_DAY - 1;
	open_variant(&soon, ending);
	assert_refused(&soon, "0216e43c", "asked for 1");
	ck_assert_ptr_nonnull(strstr(soon.err.mend, "--margin"));
	unborn.from = 2 * PKI_DAY;
	unborn.until = 20 * PKI_DAY;
	open_variant(&later, unborn);
	assert_refused(&later, "0216e43c", "2026-12-03");
	/* The signer's certificate ends after 365 days. */
	request.margin = 365 * PKI_DAY;
	open_with(&fine, request);
	ck_assert_msg(fine.signer != NULL, "%s", fine.err.message);
}
END_TEST

START_TEST(digests_are_checked_with_the_key)
{
	struct digest digest = { .algorithm = DIGEST_SHA256, .size = 32 };
	const char *authorities[] = { world.root_path };
	cleanup_outcome struct outcome outcome;
	struct error err = { 0 };
	struct bytes der;

	open_with(&outcome, request_for(world.key_path, world.signer_path, authorities, 1));
	ck_assert_ptr_nonnull(outcome.signer);
	digest.size = 31; /* not a SHA-256 digest */
	ck_assert_int_eq(signer_sign(outcome.signer, "content", &digest, &der, &err), -1);
	ck_assert_ptr_null(der.data);
	ck_assert_ptr_nonnull(strstr(err.message, "content"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cms");
	TCase *tests = tcase_create("cms");

	tcase_add_unchecked_fixture(tests, world_begin, world_end);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, signatures_are_those_that_openssl_makes);
	tcase_add_test(tests, a_signature_is_one_der_object);
	tcase_add_test(tests, elliptic_signers_work_where_ipxe_knows_them);
	tcase_add_test(tests, intermediates_are_found_in_any_order);
	tcase_add_test(tests, two_possible_issuers_are_one_too_many);
	tcase_add_test(tests, the_same_ca_twice_is_one);
	tcase_add_test(tests, another_ca_of_the_same_name_is_refused);
	tcase_add_test(tests, a_chain_without_root_is_refused);
	tcase_add_test(tests, a_foreign_key_is_refused);
	tcase_add_test(tests, usages_are_required);
	tcase_add_test(tests, validity_is_required_for_the_margin);
	tcase_add_test(tests, digests_are_checked_with_the_key);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

/* The judge's rules about signatures, one by one, on ones made here. */
#include "sign/judge/judge.h"

#include "sign/ipxe/codes.h"
#include "tests/unit/judge_support.h"

#include <string.h>

static const struct setting usual = { 0 };

/* ---- signatures ---------------------------------------------------------- */

START_TEST(refuses_what_openssl_would_take)
{
	struct pki_signer signer = { .certificate = world.signer, .key = world.key };
	struct pki_signer with_attributes = signer, by_key_identifier = signer, pss = signer;

	expect_signer(signer, usual, "accepted", 0);
	with_attributes.attributes = true;
	expect_signer(with_attributes, usual, "signed-attributes", IPXE_RSA_VERIFY);
	by_key_identifier.flags = CMS_USE_KEYID;
	expect_signer(by_key_identifier, usual, "key-identifier", IPXE_ASN1_EMPTY);
	pss.padding = RSA_PKCS1_PSS_PADDING;
	pss.salt_length = RSA_PSS_SALTLEN_DIGEST;
	expect_signer(pss, usual, "accepted", 0);
	expect_signer(pss, (struct setting){ .version_given = true, .version = IPXE_2_0_0 },
		      "algorithm", IPXE_ASN1_UNSUPPORTED_ALGORITHM);
	pss.salt_length = RSA_PSS_SALTLEN_MAX;
	expect_signer(pss, usual, "pss-salt", IPXE_RSA_VERIFY);
}
END_TEST

START_TEST(knows_the_digests_of_ipxe)
{
	struct pki_signer signer = { .certificate = world.signer, .key = world.key };
	struct pki_signer elliptic = { .certificate = world.ec_signer, .key = world.ec_key };
	const EVP_MD *known[] = { EVP_sha1(), EVP_sha224(), EVP_sha256(), EVP_sha384(),
				  EVP_sha512() };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		signer.md = elliptic.md = known[i];
		expect_signer(signer, usual, "accepted", 0);
		if (known[i] == EVP_sha1())
			expect_signer(elliptic, usual, "algorithm",
				      IPXE_ASN1_UNSUPPORTED_ALGORITHM);
		else
			expect_signer(elliptic, usual, "accepted", 0);
	}
	signer.md = EVP_sha3_256();
	expect_signer(signer, usual, "algorithm", IPXE_ASN1_UNSUPPORTED_ALGORITHM);
	elliptic.md = EVP_sha256();
	expect_signer(elliptic, (struct setting){ .version_given = true, .version = IPXE_1_21_1 },
		      "certificate-algorithm", IPXE_ASN1_UNSUPPORTED_ALGORITHM);
}
END_TEST

START_TEST(wants_every_signer_to_verify)
{
	struct pki_signer pair[2] = { { .certificate = world.signer, .key = world.key },
				      { .certificate = world.ec_signer, .key = world.ec_key } };
	struct pki_signer mixed[2] = { { .certificate = world.signer, .key = world.key },
				       { .certificate = world.rogue, .key = world.rogue_key } };
	X509 *roots[] = { world.root, world.rogue_root };
	cleanup_bytes struct bytes good = pki_sign(pair, 2, roots, 1, CONTENT, CONTENT_SIZE);
	cleanup_bytes struct bytes bad = pki_sign(mixed, 2, roots, 2, CONTENT, CONTENT_SIZE);

	expect_bytes(&good, usual, "accepted", 0);
	expect_bytes(&bad, usual, "untrusted", IPXE_X509_USELESS);
	pair[1].attributes = true;
	bytes_free(&bad);
	bad = pki_sign(pair, 2, roots, 1, CONTENT, CONTENT_SIZE);
	expect_bytes(&bad, usual, "signed-attributes", IPXE_ECDSA_SIGNATURE);
}
END_TEST

START_TEST(wants_certificates_in_the_signature)
{
	struct pki_signer signer = { .certificate = world.signer,
				     .key = world.key,
				     .flags = CMS_NOCERTS };
	cleanup_bytes struct bytes without = pki_sign(&signer, 1, NULL, 0, CONTENT, CONTENT_SIZE);
	cleanup_bytes struct bytes root_only =
		pki_sign(&signer, 1, &world.root, 1, CONTENT, CONTENT_SIZE);
	cleanup_bytes struct bytes bundle = pki_bundle(world.root);

	expect_bytes(&without, (struct setting){ .embedded = world.signer }, "no-certificates",
		     IPXE_CMS_NO_SIGNATURES);
	expect_bytes(&root_only, (struct setting){ .embedded = world.signer },
		     "no-signer-certificate", IPXE_CMS_NO_CERTIFICATE);
	expect_bytes(&bundle, usual, "no-signer", IPXE_CMS_NO_SIGNATURES);
}
END_TEST

START_TEST(tells_a_wrong_file_from_a_damaged_signature)
{
	struct pki_signer signer = { .certificate = world.signer, .key = world.key };
	cleanup_bytes struct bytes signature =
		pki_sign(&signer, 1, &world.root, 1, CONTENT, CONTENT_SIZE);

	expect_bytes(&signature, (struct setting){ .content = "another file" }, "wrong-content",
		     IPXE_RSA_VERIFY);
	signature.data[signature.size - 1] ^= 1;
	expect_bytes(&signature, usual, "signature-value", IPXE_RSA_VERIFY);
}
END_TEST

START_TEST(tells_text_mode)
{
	struct pki_signer signer = { .certificate = world.signer, .key = world.key };
	CMS_ContentInfo *cms =
		pki_cms(&signer, 1, &world.root, 1, CONTENT, CONTENT_SIZE, CMS_DETACHED);
	BIO *bio = BIO_new(BIO_s_mem());
	cleanup_bytes struct bytes signature = { 0 };

	pki_require(i2d_CMS_bio(bio, cms));
	signature = pki_bytes_of_bio(bio);
	CMS_ContentInfo_free(cms);
	expect_bytes(&signature, usual, "text-mode", IPXE_RSA_VERIFY);
}
END_TEST

/* ---- fields that iPXE does not read -------------------------------------- */

/* Finds the needle, which must be there once. */
static unsigned char *find(const struct bytes *bytes, const char *needle, size_t length)
{
	unsigned char *at = memmem(bytes->data, bytes->size, needle, length);

	ck_assert_ptr_nonnull(at);
	return at;
}

static void expect_altered(struct bytes *signature, unsigned char *byte, unsigned char value)
{
	unsigned char before = *byte;
	cleanup_judgement struct judgement judgement = { 0 };

	*byte = value;
	judgement = judge_bytes(signature, usual);
	*byte = before;
	ck_assert_str_eq(judgement.rule, "altered");
	ck_assert(judgement.ipxe_accepts);
	ck_assert(!judgement.accepted);
	ck_assert_uint_eq(judgement.code, 0);
}

START_TEST(notices_what_ipxe_does_not)
{
	static const char version[] = "\x02\x01\x01\x31"; /* SignedData's, before the SET */
	static const char id_data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
	struct pki_signer signer = { .certificate = world.signer, .key = world.key };
	cleanup_bytes struct bytes signature =
		pki_sign(&signer, 1, &world.root, 1, CONTENT, CONTENT_SIZE);
	unsigned char *at;

	at = find(&signature, version, 4);
	expect_altered(&signature, at + 2, 3);
	at = find(&signature, id_data, 9);
	expect_altered(&signature, at + 8, 6);
	/* The NULL parameters of the last algorithm, before the 256 bytes of the signature. */
	at = signature.data + signature.size - 256 - 4 - 2;
	ck_assert_uint_eq(at[0], 0x05);
	expect_altered(&signature, at, 0x04);
	/* rsaEncryption becomes sha1WithRSAEncryption. */
	expect_altered(&signature, at - 1, 0x05);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("judge: signatures");
	TCase *rules = tcase_create("rules");
	int status;

	world_begin();
	tcase_add_test(rules, refuses_what_openssl_would_take);
	tcase_add_test(rules, knows_the_digests_of_ipxe);
	tcase_add_test(rules, wants_every_signer_to_verify);
	tcase_add_test(rules, wants_certificates_in_the_signature);
	tcase_add_test(rules, tells_a_wrong_file_from_a_damaged_signature);
	tcase_add_test(rules, tells_text_mode);
	tcase_add_test(rules, notices_what_ipxe_does_not);
	suite_add_tcase(suite, rules);
	status = run_suite(suite);
	world_end();
	return status;
}

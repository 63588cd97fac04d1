/* The judge's rules about certificates and chains, one by one, on ones made here. */
#include "sign/judge/judge.h"

#include "sign/ipxe/codes.h"
#include "tests/unit/judge_support.h"

#include <string.h>

static const struct setting usual = { 0 };

/* Expects a judgement about a signature by a certificate that the root issues. */
static void expect_spec(struct pki_spec spec, struct setting setting, const char *rule,
			uint32_t code)
{
	X509 *certificate;

	if (!spec.key)
		spec.key = world.key;
	if (!spec.issuer) {
		spec.issuer = world.root;
		spec.issuer_key = world.root_key;
	}
	certificate = pki_issue(spec);
	expect_signer((struct pki_signer){ .certificate = certificate, .key = spec.key }, setting,
		      rule, code);
	X509_free(certificate);
}

/* With a chain of certificates given. */
static void expect_chain(X509 *certificate, X509 *const *others, size_t count,
			 struct setting setting, const char *rule, uint32_t code)
{
	struct pki_signer signer = { .certificate = certificate, .key = world.key };
	cleanup_bytes struct bytes signature =
		pki_sign(&signer, 1, others, count, CONTENT, CONTENT_SIZE);

	expect_bytes(&signature, setting, rule, code);
}

static X509 *issue_ca(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
		      const char *constraints)
{
	return pki_issue((struct pki_spec){ .name = name,
					    .key = key,
					    .issuer = issuer,
					    .issuer_key = issuer_key,
					    .constraints = constraints,
					    .usage = PKI_SIGN_CERTIFICATES });
}

/* ---- purpose and validity ------------------------------------------------ */

START_TEST(wants_the_right_purpose)
{
	expect_spec((struct pki_spec){ .name = "none" }, usual, "no-digital-signature",
		    IPXE_CMS_NOT_SIGNING);
	expect_spec((struct pki_spec){ .name = "old", .version_1 = true }, usual,
		    "no-digital-signature", IPXE_CMS_NOT_SIGNING);
	expect_spec((struct pki_spec){ .name = "other usage",
				       .usage = "nonRepudiation",
				       .purpose = "codeSigning" },
		    usual, "no-digital-signature", IPXE_CMS_NOT_SIGNING);
	expect_spec((struct pki_spec){ .name = "any purpose",
				       .usage = PKI_SIGN_DATA,
				       .purpose = "anyExtendedKeyUsage" },
		    usual, "no-code-signing", IPXE_CMS_NOT_CODE_SIGNING);
	expect_spec((struct pki_spec){ .name = "several",
				       .usage = "keyEncipherment,digitalSignature",
				       .purpose = "serverAuth,codeSigning" },
		    usual, "accepted", 0);
}
END_TEST

START_TEST(minds_the_time_with_its_margin)
{
	enum { MARGIN = 45000 };
	struct pki_spec spec = { .name = "short",
				 .from = 0,
				 .until = 10 * PKI_DAY,
				 .usage = PKI_SIGN_DATA,
				 .purpose = "codeSigning" };

	expect_spec(spec, (struct setting){ .time = 0 }, "accepted", 0);
	expect_spec(spec, (struct setting){ .time = -MARGIN }, "accepted", 0);
	expect_spec(spec, (struct setting){ .time = -MARGIN - 1 }, "not-yet-valid",
		    IPXE_X509_EXPIRED);
	expect_spec(spec, (struct setting){ .time = 10 * PKI_DAY + MARGIN }, "accepted", 0);
	expect_spec(spec, (struct setting){ .time = 10 * PKI_DAY + MARGIN + 1 }, "expired",
		    IPXE_X509_EXPIRED);
}
END_TEST

START_TEST(tells_an_expired_root_apart)
{
	expect_signer((struct pki_signer){ .certificate = world.signer, .key = world.key },
		      (struct setting){ .time = 400l * PKI_DAY }, "root-expired",
		      IPXE_X509_USELESS);
	expect_signer((struct pki_signer){ .certificate = world.signer, .key = world.key },
		      (struct setting){ .time = -400l * PKI_DAY }, "root-not-yet-valid",
		      IPXE_X509_USELESS);
}
END_TEST

START_TEST(asks_ocsp_responders)
{
	struct pki_spec spec = { .name = "ocsp",
				 .usage = PKI_SIGN_DATA,
				 .purpose = "codeSigning",
				 .access = "OCSP;URI:http://192.0.2.1/" };
	struct pki_spec expired = spec;

	expect_spec(spec, usual, "ocsp", IPXE_TCP_RESET);
	expired.from = -20 * PKI_DAY;
	expired.until = -10 * PKI_DAY;
	expect_spec(expired, usual, "ocsp", IPXE_TCP_RESET);
	spec.access = "caIssuers;URI:http://192.0.2.1/";
	expect_spec(spec, usual, "accepted", 0);
}
END_TEST

/* ---- chains -------------------------------------------------------------- */

START_TEST(wants_a_chain_to_a_trusted_certificate)
{
	X509 *wrong[] = { world.rogue_root };
	struct pki_signer rogue = { .certificate = world.rogue, .key = world.rogue_key };
	cleanup_bytes struct bytes signature = pki_sign(&rogue, 1, wrong, 1, CONTENT, CONTENT_SIZE);

	expect_chain(world.signer, NULL, 0, usual, "incomplete-chain", IPXE_X509_USELESS);
	expect_chain(world.signer, NULL, 0, (struct setting){ .embedded = world.root }, "accepted",
		     0);
	expect_chain(world.signer, NULL, 0, (struct setting){ .trusted = world.signer }, "accepted",
		     0);
	expect_bytes(&signature, usual, "untrusted", IPXE_X509_USELESS);
	expect_bytes(&signature, (struct setting){ .embedded = world.rogue_root }, "untrusted",
		     IPXE_X509_USELESS);
}
END_TEST

START_TEST(follows_intermediates)
{
	X509 *middle = issue_ca("middle", world.rogue_key, world.root, world.root_key, PKI_CA);
	X509 *leaf = pki_issue((struct pki_spec){ .name = "leaf",
						  .key = world.key,
						  .issuer = middle,
						  .issuer_key = world.rogue_key,
						  .usage = PKI_SIGN_DATA,
						  .purpose = "codeSigning" });
	X509 *both[] = { middle, world.root };

	expect_chain(leaf, both, 2, usual, "accepted", 0);
	expect_chain(leaf, both, 1, usual, "incomplete-chain", IPXE_X509_USELESS);
	expect_chain(leaf, both, 1, (struct setting){ .trusted = middle }, "accepted", 0);
	expect_chain(leaf, both + 1, 1, usual, "incomplete-chain", IPXE_X509_USELESS);
	X509_free(middle);
	X509_free(leaf);
}
END_TEST

START_TEST(wants_cas_for_issuers)
{
	static const struct {
		const char *constraints, *usage, *rule;
		uint32_t code;
	} cases[] = {
		{ NULL, PKI_SIGN_CERTIFICATES, "not-a-ca", IPXE_X509_NOT_CA },
		{ "CA:FALSE", PKI_SIGN_CERTIFICATES, "not-a-ca", IPXE_X509_NOT_CA },
		{ PKI_CA, "digitalSignature", "ca-key-usage", IPXE_X509_KEY_USAGE },
		{ PKI_CA, NULL, "accepted", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		X509 *middle = pki_issue((struct pki_spec){ .name = "middle",
							    .key = world.rogue_key,
							    .issuer = world.root,
							    .issuer_key = world.root_key,
							    .constraints = cases[i].constraints,
							    .usage = cases[i].usage });
		X509 *leaf = pki_issue((struct pki_spec){ .name = "leaf",
							  .key = world.key,
							  .issuer = middle,
							  .issuer_key = world.rogue_key,
							  .usage = PKI_SIGN_DATA,
							  .purpose = "codeSigning" });
		X509 *both[] = { middle, world.root };

		expect_chain(leaf, both, 2, usual, cases[i].rule, cases[i].code);
		X509_free(middle);
		X509_free(leaf);
	}
}
END_TEST

START_TEST(counts_path_lengths)
{
	/* narrow allows no CA below it, so that one more intermediate is too much. */
	X509 *narrow = issue_ca("narrow", world.rogue_key, world.root, world.root_key,
				"critical,CA:TRUE,pathlen:0");
	X509 *below = issue_ca("below", world.root_key, narrow, world.rogue_key, PKI_CA);
	X509 *direct = pki_issue((struct pki_spec){ .name = "direct",
						    .key = world.key,
						    .issuer = narrow,
						    .issuer_key = world.rogue_key,
						    .usage = PKI_SIGN_DATA,
						    .purpose = "codeSigning" });
	X509 *deep = pki_issue((struct pki_spec){ .name = "deep",
						  .key = world.key,
						  .issuer = below,
						  .issuer_key = world.root_key,
						  .usage = PKI_SIGN_DATA,
						  .purpose = "codeSigning" });
	X509 *chain[] = { narrow, world.root, below };

	expect_chain(direct, chain, 2, usual, "accepted", 0);
	expect_chain(deep, chain, 3, usual, "path-length", IPXE_X509_PATH_LENGTH);
	X509_free(narrow);
	X509_free(below);
	X509_free(direct);
	X509_free(deep);
}
END_TEST

START_TEST(takes_the_first_of_several_certificates_of_a_name)
{
	/* The same name and key, issued by the trusted root and by the other one. DER sorts the
	 * set by encoding; the serial number decides, as it comes first in it. */
	struct pki_spec good = { .name = "crossed",
				 .key = world.rogue_key,
				 .issuer = world.root,
				 .issuer_key = world.root_key,
				 .constraints = PKI_CA,
				 .usage = PKI_SIGN_CERTIFICATES };
	struct pki_spec bad = good;

	bad.issuer = issue_root("toor", world.rogue_key); /* as long as "root" */
	bad.issuer_key = world.rogue_key;
	for (int trusted_first = 0; trusted_first < 2; trusted_first++) {
		X509 *pair[3], *leaf;

		good.serial = trusted_first ? 1 : 2;
		bad.serial = trusted_first ? 2 : 1;
		pair[0] = pki_issue(good);
		pair[1] = pki_issue(bad);
		pair[2] = world.root;
		leaf = pki_issue((struct pki_spec){ .name = "leaf",
						    .key = world.key,
						    .issuer = pair[0],
						    .issuer_key = world.rogue_key,
						    .usage = PKI_SIGN_DATA,
						    .purpose = "codeSigning" });
		expect_chain(leaf, pair, 3, usual, trusted_first ? "accepted" : "incomplete-chain",
			     trusted_first ? 0 : IPXE_X509_USELESS);
		X509_free(pair[0]);
		X509_free(pair[1]);
		X509_free(leaf);
	}
	X509_free(bad.issuer);
}
END_TEST

START_TEST(tells_another_ca_of_the_same_name_apart)
{
	X509 *twin = issue_root("root", world.rogue_key);
	X509 *leaf = pki_issue((struct pki_spec){ .name = "leaf",
						  .key = world.key,
						  .issuer = twin,
						  .issuer_key = world.rogue_key,
						  .usage = PKI_SIGN_DATA,
						  .purpose = "codeSigning" });

	expect_chain(leaf, &twin, 1, usual, "untrusted", IPXE_X509_USELESS);
	expect_chain(leaf, &world.root, 1, usual, "certificate-signature", IPXE_RSA_VERIFY);
	X509_free(twin);
	X509_free(leaf);
}
END_TEST

START_TEST(accepts_a_reissued_ca_beside_the_trusted_one)
{
	X509 *reissued = issue_root("root", world.root_key);
	X509 *both[] = { reissued, world.root };

	expect_chain(world.signer, &reissued, 1, usual, "untrusted", IPXE_X509_USELESS);
	expect_chain(world.signer, both, 2, usual, "accepted", 0);
	X509_free(reissued);
}
END_TEST

START_TEST(refuses_issuers_in_a_circle)
{
	X509 *one = issue_ca("one", world.rogue_key, world.root, world.root_key, PKI_CA);
	X509 *two = issue_ca("two", world.root_key, one, world.rogue_key, PKI_CA);
	X509 *back = issue_ca("one", world.rogue_key, two, world.root_key, PKI_CA);
	X509 *leaf = pki_issue((struct pki_spec){ .name = "leaf",
						  .key = world.key,
						  .issuer = back,
						  .issuer_key = world.rogue_key,
						  .usage = PKI_SIGN_DATA,
						  .purpose = "codeSigning" });
	X509 *circle[] = { two, back };

	expect_chain(leaf, circle, 2, usual, "certificate-loop", IPXE_X509_NO_MEMORY);
	X509_free(one);
	X509_free(two);
	X509_free(back);
	X509_free(leaf);
}
END_TEST

START_TEST(compares_names_byte_for_byte)
{
	X509 *printable = pki_issue((struct pki_spec){ .name = "root",
						       .name_type = V_ASN1_PRINTABLESTRING,
						       .key = world.root_key,
						       .constraints = PKI_CA,
						       .usage = PKI_SIGN_CERTIFICATES });

	expect_chain(world.signer, &printable, 1, (struct setting){ .trusted = printable },
		     "name-encoding", IPXE_X509_USELESS);
	X509_free(printable);
}
END_TEST

/* ---- chains alone -------------------------------------------------------- */

static void expect_chain_alone(X509 *signer, X509 *const *bag, size_t count,
			       enum digest_algorithm digest, const char *rule, uint32_t code)
{
	cleanup_bytes struct bytes signer_bytes = pki_pem(&signer, 1);
	cleanup_bytes struct bytes bag_bytes = pki_pem(bag, count);
	cleanup_bytes struct bytes root = pki_der(world.root);
	struct ipxe_blob signer_blob = { signer_bytes.data, signer_bytes.size, "signer.crt" };
	struct ipxe_blob bag_blob = { bag_bytes.data, bag_bytes.size, "chain.crt" };
	struct ipxe_blob root_blob = { root.data, root.size, "root.crt" };
	struct ipxe_policy policy = { IPXE_MASTER, PKI_NOW, &root_blob, 1, NULL, 0 };
	cleanup_judgement struct judgement judgement = { 0 };
	struct error err = { 0 };
	int status = judge_chain(&policy, &signer_blob, &bag_blob, count ? 1 : 0, digest,
				 &judgement, &err);

	ck_assert_msg(status == 0, "%s", err.message);
	ck_assert_msg(!strcmp(judgement.rule, rule) && judgement.code == code,
		      "%s (%08x), not %s: %s", judgement.rule, judgement.code, rule,
		      judgement.reason);
}

START_TEST(judges_chains_by_the_same_rules)
{
	EVP_PKEY *p521 = EVP_EC_gen("P-521"), *short_key = EVP_RSA_gen(512);
	X509 *curve = issue_signer("other curve", p521);
	X509 *tiny = issue_signer("tiny", short_key);

	expect_chain_alone(world.signer, &world.root, 1, DIGEST_SHA256, "accepted", 0);
	expect_chain_alone(world.ec_signer, &world.root, 1, DIGEST_SHA256, "accepted", 0);
	expect_chain_alone(world.ec_signer, &world.root, 1, DIGEST_SHA1, "algorithm",
			   IPXE_ASN1_UNSUPPORTED_ALGORITHM);
	expect_chain_alone(world.signer, &world.root, 0, DIGEST_SHA256, "incomplete-chain",
			   IPXE_X509_USELESS);
	expect_chain_alone(world.rogue, &world.rogue_root, 1, DIGEST_SHA256, "untrusted",
			   IPXE_X509_USELESS);
	expect_chain_alone(world.root, &world.root, 1, DIGEST_SHA256, "no-digital-signature",
			   IPXE_CMS_NOT_SIGNING);
	expect_chain_alone(curve, &world.root, 1, DIGEST_SHA256, "unsupported-curve",
			   IPXE_ASN1_UNSUPPORTED_ALGORITHM);
	expect_chain_alone(tiny, &world.root, 1, DIGEST_SHA512, "key-too-short", IPXE_RSA_RANGE);
	X509_free(curve);
	X509_free(tiny);
	EVP_PKEY_free(p521);
	EVP_PKEY_free(short_key);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("judge: certificates");
	TCase *rules = tcase_create("rules");
	int status;

	world_begin();
	tcase_add_test(rules, wants_the_right_purpose);
	tcase_add_test(rules, minds_the_time_with_its_margin);
	tcase_add_test(rules, tells_an_expired_root_apart);
	tcase_add_test(rules, asks_ocsp_responders);
	tcase_add_test(rules, wants_a_chain_to_a_trusted_certificate);
	tcase_add_test(rules, follows_intermediates);
	tcase_add_test(rules, wants_cas_for_issuers);
	tcase_add_test(rules, counts_path_lengths);
	tcase_add_test(rules, takes_the_first_of_several_certificates_of_a_name);
	tcase_add_test(rules, tells_another_ca_of_the_same_name_apart);
	tcase_add_test(rules, accepts_a_reissued_ca_beside_the_trusted_one);
	tcase_add_test(rules, refuses_issuers_in_a_circle);
	tcase_add_test(rules, compares_names_byte_for_byte);
	tcase_add_test(rules, judges_chains_by_the_same_rules);
	suite_add_tcase(suite, rules);
	status = run_suite(suite);
	world_end();
	return status;
}

/* Judging in tests: a small world of keys and certificates, and one call that judges. */
#ifndef TESTS_UNIT_JUDGE_SUPPORT_H
#define TESTS_UNIT_JUDGE_SUPPORT_H

#include "sign/judge.h"
#include "tests/unit/pki.h"
#include "tests/unit/support.h"

#define CONTENT "a kernel, an initrd, a script\nwith two lines\n"
enum { CONTENT_SIZE = sizeof(CONTENT) - 1 };

/* root (trusted) issued signer; rogue_root is not trusted and issued rogue. */
struct world {
	EVP_PKEY *root_key, *key, *ec_key, *rogue_key;
	X509 *root, *signer, *ec_signer, *rogue_root, *rogue;
};

extern struct world world;

static inline X509 *issue_signer(const char *name, EVP_PKEY *key)
{
	return pki_issue((struct pki_spec){ .name = name,
					    .key = key,
					    .issuer = world.root,
					    .issuer_key = world.root_key,
					    .usage = PKI_SIGN_DATA,
					    .purpose = "codeSigning" });
}

static inline X509 *issue_root(const char *name, EVP_PKEY *key)
{
	return pki_issue((struct pki_spec){
		.name = name, .key = key, .constraints = PKI_CA, .usage = PKI_SIGN_CERTIFICATES });
}

static inline void world_begin(void)
{
	world.root_key = EVP_RSA_gen(2048);
	world.key = EVP_RSA_gen(2048);
	world.rogue_key = EVP_RSA_gen(2048);
	world.ec_key = EVP_EC_gen("P-256");
	pki_require(world.root_key && world.key && world.rogue_key && world.ec_key);
	world.root = issue_root("root", world.root_key);
	world.signer = issue_signer("signer", world.key);
	world.ec_signer = issue_signer("elliptic signer", world.ec_key);
	world.rogue_root = issue_root("rogue root", world.rogue_key);
	world.rogue = pki_issue((struct pki_spec){ .name = "rogue",
						   .key = world.rogue_key,
						   .issuer = world.rogue_root,
						   .issuer_key = world.rogue_key,
						   .usage = PKI_SIGN_DATA,
						   .purpose = "codeSigning" });
}

static inline void world_end(void)
{
	X509 *certificates[] = { world.root, world.signer, world.ec_signer, world.rogue_root,
				 world.rogue };
	EVP_PKEY *keys[] = { world.root_key, world.key, world.ec_key, world.rogue_key };

	for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++)
		X509_free(certificates[i]);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EVP_PKEY_free(keys[i]);
}

/* What a test varies; zero is as usual: master, PKI_NOW, the root trusted. */
struct setting {
	enum ipxe_version version;
	bool version_given;
	long time; /* seconds from PKI_NOW */
	X509 *trusted;
	X509 *embedded;
	const char *content; /* NULL: CONTENT */
};

static inline struct judgement judge_bytes(const struct bytes *signature, struct setting setting)
{
	struct bytes root = pki_der(setting.trusted ? setting.trusted : world.root);
	struct bytes embedded = setting.embedded ? pki_der(setting.embedded) : (struct bytes){ 0 };
	struct judge_blob root_blob = { root.data, root.size, "root.crt" };
	struct judge_blob embedded_blob = { embedded.data, embedded.size, "embedded.crt" };
	struct judge_policy policy = {
		.version = setting.version_given ? setting.version : IPXE_MASTER,
		.time = PKI_NOW + setting.time,
		.roots = &root_blob,
		.root_count = 1,
		.embedded = &embedded_blob,
		.embedded_count = setting.embedded != NULL,
	};
	const char *text = setting.content ? setting.content : CONTENT;
	struct judge_content content = { .data = (const unsigned char *)text,
					 .size = strlen(text) };
	struct judge_blob blob = { signature->data, signature->size, "f.sig" };
	struct judgement judgement = { 0 };
	struct error err = { 0 };
	int status = judge_signature(&policy, &content, &blob, &judgement, &err);

	ck_assert_msg(status == 0, "%s", err.message);
	bytes_free(&root);
	bytes_free(&embedded);
	return judgement;
}

/* That a signature is judged so: rule "accepted" or another, and iPXE's code. */
static inline void expect_bytes(const struct bytes *signature, struct setting setting,
				const char *rule, uint32_t code)
{
	cleanup_judgement struct judgement judgement = judge_bytes(signature, setting);

	ck_assert_msg(!strcmp(judgement.rule, rule) && judgement.code == code,
		      "%s (%08x), not %s (%08x): %s", judgement.rule, judgement.code, rule, code,
		      judgement.reason);
	ck_assert_int_eq(judgement.accepted, !strcmp(rule, "accepted"));
	ck_assert(*judgement.reason);
	ck_assert_msg(judgement.accepted || *judgement.mend, "%s has no mend", rule);
}

/* Signs CONTENT with the root's certificate included, and expects a judgement. */
static inline void expect_signer(struct pki_signer signer, struct setting setting, const char *rule,
				 uint32_t code)
{
	cleanup_bytes struct bytes signature =
		pki_sign(&signer, 1, &world.root, 1, CONTENT, CONTENT_SIZE);

	expect_bytes(&signature, setting, rule, code);
}

#endif

#include "tests/unit/judge_support.h"

#include <string.h>

struct world world;

X509 *issue_signer(const char *name, EVP_PKEY *key)
{
	return pki_issue((struct pki_spec){ .name = name,
					    .key = key,
					    .issuer = world.root,
					    .issuer_key = world.root_key,
					    .usage = PKI_SIGN_DATA,
					    .purpose = "codeSigning" });
}

X509 *issue_root(const char *name, EVP_PKEY *key)
{
	return pki_issue((struct pki_spec){
		.name = name, .key = key, .constraints = PKI_CA, .usage = PKI_SIGN_CERTIFICATES });
}

void world_begin(void)
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

void world_end(void)
{
	X509 *certificates[] = { world.root, world.signer, world.ec_signer, world.rogue_root,
				 world.rogue };
	EVP_PKEY *keys[] = { world.root_key, world.key, world.ec_key, world.rogue_key };

	for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++)
		X509_free(certificates[i]);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		EVP_PKEY_free(keys[i]);
}

struct judgement judge_bytes(const struct bytes *signature, struct setting setting)
{
	struct bytes root = pki_der(setting.trusted ? setting.trusted : world.root);
	struct bytes embedded = setting.embedded ? pki_der(setting.embedded) : (struct bytes){ 0 };
	struct ipxe_blob root_blob = { root.data, root.size, "root.crt" };
	struct ipxe_blob embedded_blob = { embedded.data, embedded.size, "embedded.crt" };
	struct ipxe_policy policy = {
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
	struct ipxe_blob blob = { signature->data, signature->size, "f.sig" };
	struct judgement judgement = { 0 };
	struct error err = { 0 };
	int status = judge_signature(&policy, &content, &blob, &judgement, &err);

	ck_assert_msg(status == 0, "%s", err.message);
	bytes_free(&root);
	bytes_free(&embedded);
	return judgement;
}

void expect_bytes(const struct bytes *signature, struct setting setting, const char *rule,
		  uint32_t code)
{
	cleanup_judgement struct judgement judgement = judge_bytes(signature, setting);

	ck_assert_msg(!strcmp(judgement.rule, rule) && judgement.code == code,
		      "%s (%08x), not %s (%08x): %s", judgement.rule, judgement.code, rule, code,
		      judgement.reason);
	ck_assert_int_eq(judgement.accepted, !strcmp(rule, "accepted"));
	ck_assert(*judgement.reason);
	ck_assert_msg(judgement.accepted || *judgement.mend, "%s has no mend", rule);
}

void expect_signer(struct pki_signer signer, struct setting setting, const char *rule,
		   uint32_t code)
{
	cleanup_bytes struct bytes signature =
		pki_sign(&signer, 1, &world.root, 1, CONTENT, CONTENT_SIZE);

	expect_bytes(&signature, setting, rule, code);
}

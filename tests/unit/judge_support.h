/* Judging in tests: a small world of keys and certificates, and one call that judges. */
#ifndef TESTS_UNIT_JUDGE_SUPPORT_H
#define TESTS_UNIT_JUDGE_SUPPORT_H

#include "sign/judge/judge.h"
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

/* What a test varies; zero is as usual: master, PKI_NOW, the root trusted. */
struct setting {
	enum ipxe_version version;
	bool version_given;
	long time; /* seconds from PKI_NOW */
	X509 *trusted;
	X509 *embedded;
	const char *content; /* NULL: CONTENT */
};

/* A code-signing certificate from the world's root; a self-signed CA. Owned by the caller. */
X509 *issue_signer(const char *name, EVP_PKEY *key);
X509 *issue_root(const char *name, EVP_PKEY *key);

/* Makes the keys and certificates (once, before the suite runs); releases them. */
void world_begin(void);
void world_end(void);

/* Judges a signature over the setting's content; the test fails if it cannot be judged. */
struct judgement judge_bytes(const struct bytes *signature, struct setting setting);

/* That a signature is judged so: rule "accepted" or another, and iPXE's code. */
void expect_bytes(const struct bytes *signature, struct setting setting, const char *rule,
		  uint32_t code);

/* Signs CONTENT with the root's certificate included, and expects a judgement. */
void expect_signer(struct pki_signer signer, struct setting setting, const char *rule,
		   uint32_t code);

#endif

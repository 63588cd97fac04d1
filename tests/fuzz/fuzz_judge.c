/* Any bytes are judged as a signature, and as a chain, by every version's rules. The first two
 * bytes say how long the trusted certificate is that follows; the rest is the signature. */
#include "sign/judge/judge.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { WHEN = 1796083200 }; /* 2026-12-01 */

static void check(const struct judgement *judgement)
{
	bool accepted = !strcmp(judgement->rule, "accepted");

	if (accepted != judgement->accepted || (accepted && !judgement->ipxe_accepts))
		abort();
	if (judgement->ipxe_accepts ? judgement->code != 0 : judgement->code == 0)
		abort();
	if (!*judgement->reason || accepted != !*judgement->mend)
		abort();
}

static void judge_all(const struct ipxe_policy *policy, const struct ipxe_blob *signature)
{
	struct judge_content content = { .data = (const unsigned char *)"content\n", .size = 8 };
	cleanup_judgement struct judgement judgement = { 0 }, chain = { 0 };
	struct error err = { 0 };

	if (judge_signature(policy, &content, signature, &judgement, &err) == 0)
		check(&judgement);
	else if (!*err.message)
		abort();
	if (judge_chain(policy, policy->roots, signature, 1, DIGEST_SHA256, &chain, &err) == 0)
		check(&chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length;
	struct ipxe_blob root, signature;

	if (size < 2)
		return 0;
	length = (size_t)data[0] << 8 | data[1];
	if (length > size - 2)
		length = size - 2;
	root = (struct ipxe_blob){ data + 2, length, "root" };
	signature = (struct ipxe_blob){ data + 2 + length, size - 2 - length, "signature" };
	for (int version = IPXE_1_21_1; version <= IPXE_MASTER; version++) {
		struct ipxe_policy policy = { .version = (enum ipxe_version)version,
					      .time = WHEN,
					      .roots = &root,
					      .root_count = 1 };

		judge_all(&policy, &signature);
	}
	return 0;
}

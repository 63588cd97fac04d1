#include "sign/keys/authority.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"
#include "sign/keys/issue.h"
#include "sign/ossl.h"
#include "sign/preflight.h"
#include "sign/when.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

DEFINE_CLEANUP(X509_NAME *, X509_NAME_free)
#define cleanup_name cleanup_with(X509_NAME_freep)

/* 2099-12-31T23:59:59Z: a PC's real-time clock tells iPXE two digits of the year. */
static const int64_t last_clock = 4102444799;

/* What the two verbs have in their hands on the way. */
struct work {
	const struct authority_request *request;
	int64_t now; /* when_written() */
	bool fixed;
	bool encrypt;
	struct output *output;
	struct findings *findings;
};

/* ---- the request ------------------------------------------------------------------------- */

static int check_name(const char *name, struct error *err)
{
	size_t length = strlen(name), characters = 0;

	for (size_t i = 0; i < length; i++) {
		characters += ((unsigned char)name[i] & 0xc0) != 0x80;
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return err_fail(err, ERR_USAGE, "the name has a control character");
	}
	if (!length || !text_is_utf8(name, length))
		return err_fail(err, ERR_USAGE, "the name is empty or not UTF-8");
	if (characters > AUTHORITY_NAME_LONGEST)
		return err_fail(err, ERR_USAGE,
				"the name has %zu characters, a certificate's name takes %d",
				characters, AUTHORITY_NAME_LONGEST);
	return 0;
}

static int check_end(int64_t end, const char *what, struct error *err)
{
	char text[WHEN_TEXT_SIZE];

	if (end <= last_clock)
		return 0;
	err_fail(err, ERR_USAGE,
		 "the %s would end %s: to iPXE, which reads two digits of the year, no clock is "
		 "beyond 2099",
		 what, when_text(end, text));
	return err_mend(err, "ask for fewer days");
}

static int64_t begin_of(const struct work *work)
{
	/* A clock that lags, or is set to local time, must not make the certificate unborn. */
	return work->now >= SECONDS_PER_DAY ? work->now - SECONDS_PER_DAY : 0;
}

static int64_t end_of(const struct work *work, unsigned int days, unsigned int otherwise)
{
	return work->now + (int64_t)(days ? days : otherwise) * SECONDS_PER_DAY;
}

/* ---- files ------------------------------------------------------------------------------- */

static int add_certificate(const struct work *work, const char *name,
			   const struct certificate *certificate, struct error *err)
{
	cleanup_buffer struct buffer pem = { 0 };

	if (certificate_to_pem(certificate, &pem, err) < 0)
		return -1;
	return output_add(work->output, name, pem.data, pem.length, 0644, err);
}

static int add_key(const struct work *work, const char *name, EVP_PKEY *pkey, struct error *err)
{
	cleanup_secret struct bytes pem = { 0 };
	const char *passphrase = NULL;

	if (work->encrypt) {
		passphrase = passphrase_get(work->request->passphrase, "the new private keys", true,
					    work->findings, err);
		if (!passphrase)
			return -1;
	}
	if (key_to_pem(pkey, passphrase, &pem, err) < 0)
		return -1;
	return output_add(work->output, name, pem.data, pem.size, 0600, err);
}

static const char readme[] =
	"Keys for signing what iPXE boots\n"
	"================================\n"
	"\n"
	"  " AUTHORITY_CERTIFICATE "    the certificate of your private CA, %s\n"
	"            valid until %s; SHA-256 fingerprint\n"
	"            %s\n"
	"  " AUTHORITY_KEY "    its private key: only 'muenbuild keys renew' needs it; keep it\n"
	"            away from machines that build\n"
	"  " SIGNER_CERTIFICATE "  the certificate for signing code, %s\n"
	"            valid until %s: every signature made with it ends then too\n"
	"  " SIGNER_KEY "  its private key: whoever has it decides what your machines boot\n"
	"\n"
	"Sign (writes FILE.sig):\n"
	"\n"
	"  muenbuild sign --key " SIGNER_KEY " --cert " SIGNER_CERTIFICATE
	" --ca " AUTHORITY_CERTIFICATE " FILE...\n"
	"\n"
	"Build an iPXE that trusts this CA and nothing else. In src/config/local/general.h:\n"
	"\n"
	"  #define IMAGE_TRUST_CMD\n"
	"\n"
	"and then, in src/, with the paths of these files:\n"
	"\n"
	"  make bin/ipxe.lkrn EMBED=boot.ipxe CERT=" SIGNER_CERTIFICATE "," AUTHORITY_CERTIFICATE
	" TRUST=" AUTHORITY_CERTIFICATE "\n"
	"\n"
	"TRUST= is what iPXE trusts: the SHA-256 of exactly this " AUTHORITY_CERTIFICATE
	". CERT= only makes\n"
	"the certificates known to it; muenbuild puts them into every signature as well. Both\n"
	"want PEM, which these files are. When a later CA takes this one's place, give its\n"
	"certificate a new file name: iPXE's Makefile does not notice that the contents of a\n"
	"file named in TRUST= have changed, and goes on trusting the old one.\n"
	"\n"
	"Renew before the signing certificate ends (the CA, and so iPXE, stays as it is), and\n"
	"then sign again what is still to be booted:\n"
	"\n"
	"  muenbuild keys check " SIGNER_CERTIFICATE " " AUTHORITY_CERTIFICATE " --days 30\n"
	"  muenbuild keys renew .\n";

static int add_readme(const struct work *work, const struct certificate *signer,
		      const struct certificate *authority, struct error *err)
{
	cleanup_buffer struct buffer text = { 0 };
	char signer_end[WHEN_TEXT_SIZE], authority_end[WHEN_TEXT_SIZE];

	buffer_printf(&text, readme, authority->subject,
		      when_text(authority->not_after, authority_end), authority->fingerprint,
		      signer->subject, when_text(signer->not_after, signer_end));
	return output_add(work->output, AUTHORITY_README, text.data, text.length, 0644, err);
}

/* ---- certificates -------------------------------------------------------------------------- */

/* Whatever was asked for, what is written is something that iPXE accepts. */
static int check_made(const struct work *work, const struct certificates *made, struct error *err)
{
	cleanup_certificate_chain struct certificate_chain chain = { 0 };
	cleanup_judgement struct judgement judgement = { 0 };
	struct preflight preflight = {
		.chain = &chain, .digest = DIGEST_SHA256, .ipxe = IPXE_2_0_0, .now = work->now
	};

	if (when_now() < made->list[0].not_before || when_now() > made->list[0].not_after)
		findings_add(work->findings, FINDING_WARNING,
			     "unset SOURCE_DATE_EPOCH to count from now",
			     "the certificate's days count from SOURCE_DATE_EPOCH: it is not "
			     "valid by this machine's clock");
	if (certificate_chain_build(&made->list[0], made, &chain, err) < 0)
		return -1;
	return preflight_chain(&preflight, work->findings, &judgement, err);
}

static int add_issued(struct certificates *made, const struct issue *issue, const char *folder,
		      const char *name, struct error *err)
{
	X509 *x509 = certificate_issue(issue, err);
	cleanup_free char *origin = xasprintf("%s/%s", folder, name);

	return x509 ? certificates_add(made, x509, origin, err) : -1;
}

/* ---- init ------------------------------------------------------------------------------------ */

static int check_absent(const char *folder, struct error *err)
{
	static const char *const names[] = { AUTHORITY_CERTIFICATE, AUTHORITY_KEY,
					     SIGNER_CERTIFICATE, SIGNER_KEY, AUTHORITY_README };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cleanup_free char *path = xasprintf("%s/%s", folder, names[i]);
		struct stat status;

		if (lstat(path, &status) < 0)
			continue;
		err_fail(err, ERR_CANT_CREATE, "%s: is there already, and is not replaced", path);
		return err_mend(err,
				"name another folder, or renew the signing certificate of "
				"this one: muenbuild keys renew %s",
				folder);
	}
	return 0;
}

/* The folder, for nobody but its owner. */
static struct output *begin_private(const char *folder, struct error *err)
{
	struct stat status;
	bool was_there = stat(folder, &status) == 0;
	cleanup_output struct output *output = output_begin(folder, err);

	if (!output)
		return NULL;
	if (!was_there && chmod(folder, 0700) < 0) {
		err_fail_errno(err, ERR_CANT_CREATE, errno, "%s: cannot make it private", folder);
		return NULL;
	}
	return steal(output);
}

static int issue_both(const struct work *work, EVP_PKEY *authority_key, EVP_PKEY *signer_key,
		      struct certificates *made, struct error *err)
{
	const struct authority_request *request = work->request;
	cleanup_free char *authority_name = xasprintf("%s CA", request->name);
	cleanup_name X509_NAME *authority = common_name(authority_name, err);
	cleanup_name X509_NAME *signer = common_name(request->name, err);
	cleanup_certificates struct certificates root = { 0 };
	struct issue issue = { .subject = authority,
			       .subject_key = authority_key,
			       .issuer_key = authority_key,
			       .not_before = begin_of(work),
			       .not_after = end_of(work, request->authority_days, AUTHORITY_DAYS),
			       .fixed_serial = work->fixed };

	if (!authority || !signer ||
	    add_issued(&root, &issue, request->folder, AUTHORITY_CERTIFICATE, err) < 0)
		return -1;
	issue.subject = signer;
	issue.subject_key = signer_key;
	issue.issuer = root.list[0].x509;
	issue.not_after = end_of(work, request->days, SIGNER_DAYS);
	if (add_issued(made, &issue, request->folder, SIGNER_CERTIFICATE, err) < 0)
		return -1;
	X509_up_ref(root.list[0].x509);
	return certificates_add(made, root.list[0].x509, root.list[0].origin, err);
}

static int check_request(struct work *work, struct error *err)
{
	const struct authority_request *request = work->request;
	int64_t signer_end, authority_end;

	if (when_written(&work->now, &work->fixed, err) < 0)
		return -1;
	signer_end = end_of(work, request->days, SIGNER_DAYS);
	authority_end = end_of(work, request->authority_days, AUTHORITY_DAYS);
	if (check_name(request->name, err) < 0 || check_end(signer_end, "certificate", err) < 0 ||
	    check_end(authority_end, "CA", err) < 0)
		return -1;
	if (signer_end <= authority_end)
		return 0;
	err_fail(err, ERR_USAGE, "the signing certificate would outlive its CA, which ends it");
	return err_mend(err, "ask for fewer --days, or for more --ca-days");
}

int authority_init(const struct authority_request *request, struct findings *findings,
		   struct certificates *made, struct error *err)
{
	cleanup_output struct output *output = NULL;
	cleanup_pkey EVP_PKEY *authority_key = NULL, *signer_key = NULL;
	struct work work = { .request = request,
			     .encrypt = request->encrypt,
			     .findings = findings };

	if (check_request(&work, err) < 0 || check_absent(request->folder, err) < 0)
		return -1;
	work.output = output = begin_private(request->folder, err);
	if (!output)
		return -1;
	authority_key = key_generate(request->algorithm, err);
	signer_key = authority_key ? key_generate(request->algorithm, err) : NULL;
	if (!signer_key || issue_both(&work, authority_key, signer_key, made, err) < 0 ||
	    check_made(&work, made, err) < 0 ||
	    add_key(&work, AUTHORITY_KEY, authority_key, err) < 0 ||
	    add_key(&work, SIGNER_KEY, signer_key, err) < 0 ||
	    add_certificate(&work, SIGNER_CERTIFICATE, &made->list[0], err) < 0 ||
	    add_certificate(&work, AUTHORITY_CERTIFICATE, &made->list[1], err) < 0 ||
	    add_readme(&work, &made->list[0], &made->list[1], err) < 0)
		return -1;
	return output_commit(output, err);
}

/* ---- renew ---------------------------------------------------------------------------------- */

/* What a folder has before it is renewed. */
struct present {
	struct certificates certificates; /* the signing one and the CA's */
	struct key *key;		  /* the CA's */
};

static void present_free(struct present *present)
{
	certificates_free(&present->certificates);
	if (present->key)
		key_free(present->key);
}

/* Reads the first certificate of a file in the folder. */
static int read_one(const char *folder, const char *name, struct certificates *certificates,
		    struct error *err)
{
	cleanup_free char *path = xasprintf("%s/%s", folder, name);
	size_t before = certificates->count;

	if (certificates_read(path, certificates, err) < 0) {
		if (err->kind == ERR_NO_INPUT)
			err_mend(err, "name a folder that 'muenbuild keys init' has made");
		return -1;
	}
	if (certificates->count == before + 1)
		return 0;
	return err_fail(err, ERR_INPUT, "%s: holds %zu certificates, one was expected", path,
			certificates->count - before);
}

/* Also settles whether a new key is encrypted: as the CA's is. */
static int read_present(struct work *work, struct present *present, struct error *err)
{
	const char *folder = work->request->folder;
	cleanup_free char *path = xasprintf("%s/%s", folder, AUTHORITY_KEY);
	struct key_facts facts;
	X509 *authority;

	if (read_one(folder, SIGNER_CERTIFICATE, &present->certificates, err) < 0 ||
	    read_one(folder, AUTHORITY_CERTIFICATE, &present->certificates, err) < 0)
		return -1;
	if (key_examine(path, &facts, err) < 0)
		return -1;
	free(facts.kind);
	work->encrypt = facts.encrypted || work->request->encrypt;
	present->key = key_load(path, work->request->passphrase, work->findings, err);
	if (!present->key)
		return -1;
	authority = present->certificates.list[1].x509;
	if (EVP_PKEY_eq(X509_get0_pubkey(authority), key_pkey(present->key)) == 1)
		return 0;
	err_fail(err, ERR_INPUT, "%s: is not the private key of %s", path,
		 present->certificates.list[1].origin);
	return err_mend(err, "put the CA's own key there; --new-key is for the signing key alone");
}

/* When the new certificate ends: not after its CA. */
static int choose_end(const struct work *work, const struct certificate *authority, int64_t *end,
		      struct error *err)
{
	char text[WHEN_TEXT_SIZE];

	when_text(authority->not_after, text);
	*end = end_of(work, work->request->days, SIGNER_DAYS);
	if (authority->not_after <= work->now) {
		err_fail(err, ERR_REFUSED,
			 "%s: the CA (%s) ended %s: nothing that it issues is "
			 "accepted",
			 authority->origin, authority->subject, text);
		return err_mend(err, "make a new one ('muenbuild keys init' with another folder) "
				     "and build iPXE with it in TRUST=, under a new file name");
	}
	if (*end <= authority->not_after)
		return check_end(*end, "certificate", err);
	if (work->request->days) {
		err_fail(err, ERR_USAGE,
			 "%u days are more than the CA (%s) lives: it ends %s, in %lld days",
			 work->request->days, authority->subject, text,
			 (long long)when_days(work->now, authority->not_after));
		return err_mend(err, "ask for fewer --days");
	}
	*end = authority->not_after;
	findings_add(work->findings, FINDING_WARNING,
		     "make a new CA in time: 'muenbuild keys init' with another folder",
		     "%s: the CA ends %s, and the new certificate with it", authority->origin,
		     text);
	return 0;
}

static int issue_renewed(const struct work *work, const struct present *present,
			 EVP_PKEY *signer_key, struct certificates *made, struct error *err)
{
	const struct certificate *before = &present->certificates.list[0];
	const struct certificate *authority = &present->certificates.list[1];
	struct issue issue = { .subject = X509_get_subject_name(before->x509),
			       .subject_key = signer_key,
			       .issuer = authority->x509,
			       .issuer_key = key_pkey(present->key),
			       .not_before = begin_of(work),
			       .fixed_serial = work->fixed };

	if (choose_end(work, authority, &issue.not_after, err) < 0 ||
	    add_issued(made, &issue, work->request->folder, SIGNER_CERTIFICATE, err) < 0)
		return -1;
	X509_up_ref(authority->x509);
	return certificates_add(made, authority->x509, authority->origin, err);
}

static EVP_PKEY *renewed_key(const struct work *work, const struct certificate *before,
			     struct error *err)
{
	const struct authority_request *request = work->request;
	EVP_PKEY *pkey;

	if (request->new_key)
		return key_generate(request->algorithm_given ? request->algorithm
							     : key_algorithm_like(before->key),
				    err);
	pkey = X509_get0_pubkey(before->x509);
	if (pkey)
		EVP_PKEY_up_ref(pkey);
	else
		ossl_fail(err, ERR_INPUT, "%s: has no public key that OpenSSL knows",
			  before->origin);
	return pkey;
}

int authority_renew(const struct authority_request *request, struct findings *findings,
		    struct certificates *made, struct error *err)
{
	cleanup_with(present_free) struct present present = { 0 };
	cleanup_output struct output *output = NULL;
	cleanup_pkey EVP_PKEY *signer_key = NULL;
	struct work work = { .request = request, .findings = findings };

	if (when_written(&work.now, &work.fixed, err) < 0 || read_present(&work, &present, err) < 0)
		return -1;
	signer_key = renewed_key(&work, &present.certificates.list[0], err);
	if (!signer_key || issue_renewed(&work, &present, signer_key, made, err) < 0 ||
	    check_made(&work, made, err) < 0)
		return -1;
	work.output = output = output_begin(request->folder, err);
	if (!output || (request->new_key && add_key(&work, SIGNER_KEY, signer_key, err) < 0) ||
	    add_certificate(&work, SIGNER_CERTIFICATE, &made->list[0], err) < 0 ||
	    add_readme(&work, &made->list[0], &made->list[1], err) < 0)
		return -1;
	return output_commit(output, err);
}

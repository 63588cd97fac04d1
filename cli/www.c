#include "cli/www.h"

#include "base/alloc.h"
#include "iso/memdisk.h"
#include "digest/digest.h"
#include "sign/ipxe/served.h"
#include "sign/when.h"

#include <errno.h>
#include <string.h>

enum {
	MEMDISK_MOST = 1 << 20, /* it has some 26000 bytes */
	FILES_MOST = IPXE_FILES_MAX + 1,
};

#define FOLDER "www"
#define SCRIPT "boot.ipxe"

void www_free(struct www *www)
{
	if (www->signer)
		signer_free(www->signer);
	judgement_free(&www->judgement);
	json_decref(www->sums);
	bytes_free(&www->memdisk);
	buffer_free(&www->text);
}

/* ---- before the image ---------------------------------------------------- */

static int read_memdisk(struct www *www, struct error *err)
{
	const char *path = www->options->memdisk;

	if (!www->bios)
		return 0;
	if (file_read(path ? path : DEFAULT_MEMDISK, MEMDISK_MOST, 0, &www->memdisk, err) < 0) {
		if (path)
			return -1;
		err->kind = ERR_MISSING;
		return err_mend(err, "install the package syslinux-common, or name the file with "
				     "--memdisk");
	}
	return ipxe_memdisk_check(path ? path : DEFAULT_MEMDISK, err);
}

static int write_script(struct www *www, struct error *err)
{
	struct ipxe_script *script = &www->script;

	*script = ipxe_script_defaults();
	script->url = www->options->url;
	script->network = script->url ? IPXE_DHCP : IPXE_KEEP;
	script->platform = !www->uefi ? IPXE_BIOS : !www->bios ? IPXE_UEFI : IPXE_AUTO;
	return ipxe_script_write(script, &www->text, www->findings, err);
}

static int open_signer(struct www *www, struct error *err)
{
	const struct www_options *options = www->options;
	struct signer_request request = { .key = options->key,
					  .certificate = options->certificate,
					  .authorities = options->authorities.list,
					  .authority_count = options->authorities.count,
					  .passphrase = (struct passphrase *)&options->passphrase,
					  .digest = DIGEST_SHA256,
					  .ipxe = IPXE_2_0_0,
					  .now = when_now(),
					  .margin = SECONDS_PER_DAY };

	if (!options->key)
		return 0;
	www->signer = signer_open(&request, www->findings, &www->judgement, err);
	return www->signer ? 0 : -1;
}

int www_begin(struct www *www, struct error *err)
{
	www->sums = json_object();
	if (write_script(www, err) < 0 || read_memdisk(www, err) < 0)
		return -1;
	return open_signer(www, err);
}

/* ---- the files ----------------------------------------------------------- */

/* What a machine fetches: each of it is signed. */
struct fetched {
	char *names[FILES_MOST]; /* "www/muen.iso" */
	size_t count;
};

static void fetched_free(struct fetched *fetched)
{
	for (size_t i = 0; i < fetched->count; i++)
		free(fetched->names[i]);
}

static int add_file(struct www *www, const struct ipxe_file *file, const char *name,
		    struct error *err)
{
	struct delivery *delivery = www->delivery;

	switch (file->kind) {
	case IPXE_FILE_MEMDISK:
		return delivery_add(delivery, name, "starts the ISO where there is a BIOS",
				    www->memdisk.data, www->memdisk.size, err);
	case IPXE_FILE_ISO:
		return delivery_add_link(delivery, name, "muen.iso", "the ISO again", err);
	case IPXE_FILE_EFI:
		return delivery_add_link(delivery, name, "muen.efi", "the file for UEFI again",
					 err);
	default:
		return delivery_add(delivery, name, "the script that iPXE runs", www->text.data,
				    www->text.length, err);
	}
}

static int add_fetched(struct www *www, struct fetched *fetched, struct error *err)
{
	struct ipxe_file files[FILES_MOST];
	size_t count = ipxe_script_files(&www->script, files);

	files[count++] = (struct ipxe_file){ IPXE_FILE_SCRIPT, SCRIPT };
	for (size_t i = 0; i < count; i++) {
		char *name = fetched->names[i] = xasprintf(FOLDER "/%s", files[i].name);

		fetched->count = i + 1;
		if (add_file(www, &files[i], name, err) < 0)
			return -1;
	}
	return 0;
}

/* A signature of an earlier build fits no more, unless the build gave the same bytes again. */
static void warn_of_old_signatures(const struct www *www, const struct fetched *fetched)
{
	for (size_t i = 0; i < fetched->count; i++) {
		cleanup_free char *path =
			xasprintf("%s/%s.sig", www->delivery->folder, fetched->names[i]);

		if (access(path, F_OK) == 0)
			findings_add(
				www->findings, FINDING_WARNING,
				"sign again, or remove it: 'muenbuild verify' tells whether it "
				"still fits",
				"%s: is a signature of an earlier build", path);
	}
}

/* Adds what is made of the image: in a dry run there is none, and it is only named. */
static int add_derived(struct www *www, const char *name, const char *what, const void *bytes,
		       size_t length, struct error *err)
{
	const char *unused;

	if (!www->delivery->output)
		return delivery_begin_file(www->delivery, name, what, &unused, err);
	return delivery_add(www->delivery, name, what, bytes, length, err);
}

static int sign_file(struct www *www, const char *name, const struct digest *digest,
		     struct error *err)
{
	cleanup_free char *path = xasprintf("%s.sig", name);
	cleanup_bytes struct bytes der = { 0 };

	if (www->delivery->output && signer_sign(www->signer, name, digest, &der, err) < 0)
		return -1;
	return add_derived(www, path, "its signature", der.data, der.size, err);
}

static int add_sums(struct www *www, const struct fetched *fetched, struct error *err)
{
	cleanup_buffer struct buffer sums = { 0 };

	for (size_t i = 0; i < fetched->count; i++) {
		const char *name = fetched->names[i], *path = delivery_pending(www->delivery, name);
		struct digest digest = { .algorithm = DIGEST_SHA256 };
		char hex[DIGEST_HEX_SIZE];

		if (path && digest_file(path, &digest, 1, NULL, err) < 0)
			return -1;
		if (www->signer && sign_file(www, name, &digest, err) < 0)
			return -1;
		digest_hex(&digest, hex);
		buffer_printf(&sums, "%s  %s\n", hex, path_base_name(name));
		json_object_set_new(www->sums, path_base_name(name), json_string(path ? hex : ""));
	}
	return add_derived(www, FOLDER "/SHA256SUMS", "their checksums", sums.data, sums.length,
			   err);
}

int www_add(struct www *www, struct error *err)
{
	cleanup_with(fetched_free) struct fetched fetched = { 0 };
	const char *iso = delivery_pending(www->delivery, "muen.iso");

	if (www->bios && iso && memdisk_require(iso, 0, www->findings, err) < 0)
		return -1;
	if (delivery_add_folder(www->delivery, FOLDER, err) < 0 ||
	    add_fetched(www, &fetched, err) < 0)
		return -1;
	if (!www->signer)
		warn_of_old_signatures(www, &fetched);
	return add_sums(www, &fetched, err);
}

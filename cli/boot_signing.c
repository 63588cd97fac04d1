#include "cli/boot_signing.h"

#include "base/alloc.h"
#include "base/memory_file.h"
#include "cli/boot_source.h"
#include "sign/sbs/sbs.h"

void boot_signing_free(struct boot_signing *signing)
{
	for (size_t i = 0; i < signing->count; i++) {
		buffer_free(&signing->signatures[i]);
		free(signing->paths[i]);
	}
	buffer_free(&signing->public_key);
}

static struct openpgp_keys keys_of(const struct image_options *options)
{
	return (struct openpgp_keys){ .homedir = options->gpg_homedir,
				      .fingerprint = options->gpg_key };
}

int boot_signing_key(struct boot_signing *signing, const struct image_options *options,
		     struct error *err)
{
	struct openpgp_keys keys = keys_of(options);

	return openpgp_export(&keys, &signing->public_key, err);
}

int boot_signing_add(struct boot_signing *signing, const struct image_options *options,
		     const struct iso_file *file, struct iso_file *signature, struct error *err)
{
	struct openpgp_keys keys = keys_of(options);
	struct buffer *made = &signing->signatures[signing->count];
	cleanup_bytes struct bytes bytes = { 0 };
	struct openpgp_signer signer;

	if (file->source && file_read(file->source, SIZE_MAX / 2, 0, &bytes, err) < 0)
		return -1;
	signing->paths[signing->count++] = xasprintf("%s.sig", file->path);
	if (openpgp_sign(&keys, file->source ? bytes.data : file->bytes,
			 file->source ? bytes.size : file->size, made, &signer, err) < 0)
		return -1;
	*signature = (struct iso_file){ .path = signing->paths[signing->count - 1],
					.bytes = made->data,
					.size = made->length };
	return 0;
}

/* ---- signed block streams ------------------------------------------------ */

static int sign_header(void *context, const void *bytes, size_t size, struct buffer *signature,
		       struct error *err)
{
	struct openpgp_signer signer;

	return openpgp_sign(context, bytes, size, signature, &signer, err);
}

int boot_source_sign(struct boot_source *source, const struct image_options *options,
		     struct error *err)
{
	struct sbs_header header = { .block_size = SBS_BLOCK_SIZE_DEFAULT };
	struct openpgp_keys keys = keys_of(options);
	const struct sbs_signer signer = { .sign = sign_header, .context = &keys };
	char path[MEMORY_FILE_PATH];
	cleanup_close int in = -1;
	uint64_t size = 0;
	int out;

	if (!*options->gpg_key || source->start != GRUB_CSL)
		return 0;
	in = file_open(source->path, INT64_MAX, &size, err);
	out = in < 0 ? -1 : memory_file(NULL, 0, 0, err);
	if (out < 0)
		return -1;
	if (sbs_make(in, source->path, size, out, "the signed stream", &signer, &header, err) < 0) {
		close(out);
		return -1;
	}
	if (source->fd >= 0)
		close(source->fd);
	free(source->path);
	source->fd = out;
	source->path = xstrdup(memory_file_path(out, path));
	source->size = sbs_file_size(&header);
	source->start = GRUB_SBS;
	return 0;
}

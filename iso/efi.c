#include "base/text.h"
#include "iso/archive.h"
#include "iso/contents.h"
#include "iso/grub.h"

/* A PE file's sizes have 32 bits, firmware loads it whole, and GRUB unpacks it beside that. */
#define EFI_MAX (1ull << 30)

static int check_size(const struct iso_loaded *loaded, struct error *err)
{
	uint64_t total = 0;
	char text[32];

	for (size_t i = 0; i < loaded->count; i++)
		total += loaded->files[i].bytes.size;
	if (total <= EFI_MAX)
		return 0;
	err_fail(err, ERR_INPUT, "the files for one EFI program have %s, at most 1 GiB fit",
		 size_to_text(total, text));
	return err_mend(err, "make the system smaller, or boot UEFI machines from the ISO");
}

int efi_write(const struct iso_contents *contents, const char *path, struct error *err)
{
	cleanup_iso_loaded struct iso_loaded loaded = { 0 };
	cleanup_buffer struct buffer archive = { 0 };
	cleanup_bytes struct bytes program = { 0 };
	struct bytes view;

	if (iso_load(contents, &loaded, err) < 0 || check_size(&loaded, err) < 0)
		return -1;
	for (size_t i = 0; i < loaded.count; i++) {
		struct iso_loaded_file *file = &loaded.files[i];

		archive_add(&archive, file->path, file->bytes.data, file->bytes.size,
			    contents->time);
		bytes_free(&file->bytes); /* one copy at a time */
	}
	archive_end(&archive);
	view = (struct bytes){ .data = (unsigned char *)archive.data, .size = archive.length };
	if (grub_make_image(&(struct grub_request){ .image = GRUB_UEFI_STANDALONE,
						    .grub_dir = contents->grub_dir,
						    .modules = contents->modules,
						    .public_key = contents->public_key,
						    .public_key_size = contents->public_key_size,
						    .archive = &view,
						    .time = contents->time },
			    &program, err) < 0)
		return -1;
	return file_write(path, program.data, program.size, 0644, err);
}

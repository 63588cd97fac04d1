/* Makes an ISO or muen.efi of a multiboot program and its module:
 *
 *	mkiso iso|efi OUTPUT LOADER MODULE [--grub-dir DIR] [--only bios|uefi] [--key FILE]
 *	      [--add PATH=FILE] [--start loader|multiboot|csl|sbs]
 *
 * The time is SOURCE_DATE_EPOCH. */
#include "base/alloc.h"
#include "base/text.h"
#include "iso/grub_config.h"
#include "iso/iso.h"

#include <stdio.h>
#include <string.h>

static const char *const start_names[] = { [GRUB_LOADER] = "loader",
					   [GRUB_MULTIBOOT] = "multiboot",
					   [GRUB_CSL] = "csl",
					   [GRUB_SBS] = "sbs" };

struct order {
	struct iso_contents contents;
	struct iso_file files[8];
	struct bytes key;
	enum grub_start start;
};

static int usage(void)
{
	fputs("usage: mkiso iso|efi OUTPUT LOADER MODULE [OPTION VALUE]...\n", stderr);
	return 64;
}

static int take_start(struct order *order, const char *value)
{
	for (size_t i = 0; i < sizeof(start_names) / sizeof(start_names[0]); i++) {
		if (!strcmp(start_names[i], value)) {
			order->start = (enum grub_start)i;
			return 0;
		}
	}
	return -1;
}

static int take_file(struct order *order, char *value)
{
	char *equals = strchr(value, '=');

	if (!equals || order->contents.count == 8)
		return -1;
	*equals = '\0';
	order->files[order->contents.count++] =
		(struct iso_file){ .path = value, .source = equals + 1 };
	return 0;
}

static int take(struct order *order, const char *option, char *value, struct error *err)
{
	if (!strcmp(option, "--grub-dir"))
		order->contents.grub_dir = value;
	else if (!strcmp(option, "--only"))
		order->contents.bios = !(order->contents.uefi = !strcmp(value, "uefi"));
	else if (!strcmp(option, "--add"))
		return take_file(order, value);
	else if (!strcmp(option, "--start"))
		return take_start(order, value);
	else if (!strcmp(option, "--key"))
		return file_read(value, 1 << 20, 0, &order->key, err);
	else
		return -1;
	return 0;
}

static int make(struct order *order, const char *what, const char *path, struct error *err)
{
	cleanup_free char *config = grub_config_text(
		&(struct grub_menu){ .start = order->start, .title = "Test", .standin = true });

	order->contents.grub_config = config;
	order->contents.modules = grub_config_modules(order->start);
	order->contents.public_key = order->key.data;
	order->contents.public_key_size = order->key.size;
	return !strcmp(what, "iso") ? iso_write(&order->contents, path, err)
				    : efi_write(&order->contents, path, err);
}

int main(int argc, char **argv)
{
	const char *time = getenv("SOURCE_DATE_EPOCH");
	struct order order = { .contents = { .label = "MUEN_TEST", .bios = true, .uefi = true } };
	struct error err = { 0 };

	if (argc < 5 || argc % 2 == 0 ||
	    text_to_number(time ? time : "0", &order.contents.time) < 0)
		return usage();
	order.contents.files = order.files;
	order.contents.count = 2;
	order.files[0] = (struct iso_file){ .path = GRUB_PATH_LOADER, .source = argv[3] };
	order.files[1] = (struct iso_file){ .path = GRUB_PATH_LOADER_STREAM, .source = argv[4] };
	for (int i = 5; i < argc; i += 2)
		if (take(&order, argv[i], argv[i + 1], &err) < 0)
			return usage();
	if (make(&order, argv[1], argv[2], &err) < 0) {
		fprintf(stderr, "mkiso: %s\n  mend: %s\n", err.message, err.mend);
		return (int)err.kind;
	}
	bytes_free(&order.key);
	return 0;
}

#include "iso/grub.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/memory_file.h"

#include <string.h>
#include <unistd.h>

#define SYSTEM_GRUB "/usr/lib/grub"

struct platform {
	const char *folder;
	const char *package;
	const char *format;	    /* grub-mkimage's name of what it makes */
	const char *prefix;	    /* where the configuration is */
	const char *const *modules; /* that are always needed */
};

/* normal reads the configuration, boot carries it out; the rest is what it takes to get there. */
static const char *const bios_modules[] = { "normal",  "boot",	   "echo",
					    "serial",  "terminal", "search_label",
					    "iso9660", "biosdisk", NULL };
static const char *const uefi_modules[] = { "efi_gop",	  "normal",	  "boot",    "echo",
					    "serial",	  "terminal",	  "iso9660", "part_gpt",
					    "part_msdos", "search_label", "regexp",  NULL };
static const char *const standalone_modules[] = { "efi_gop",  "normal",	 "boot", "echo", "serial",
						  "terminal", "memdisk", "tar",	 NULL };

/* What checking of signatures takes: pgp loads digests and ciphers by name. */
static const char *const signature_modules[] = { "pgp",		"gcry_rsa",    "gcry_sha1",
						 "gcry_sha256", "gcry_sha512", NULL };

static const struct platform platforms[] = {
	[GRUB_BIOS] = { "i386-pc", "grub-pc-bin", "i386-pc-eltorito", "/boot/grub", bios_modules },
	[GRUB_UEFI] = { "x86_64-efi", "grub-efi-amd64-bin", "x86_64-efi", "/boot/grub",
			uefi_modules },
	[GRUB_UEFI_STANDALONE] = { "x86_64-efi", "grub-efi-amd64-bin", "x86_64-efi",
				   "(memdisk)/boot/grub", standalone_modules },
};

/* ---- the installed GRUB ---------------------------------------------------------------------- */

static char *platform_folder(const struct platform *platform, const char *grub_dir)
{
	return xasprintf("%s/%s", grub_dir ? grub_dir : SYSTEM_GRUB, platform->folder);
}

static int check_platform(const struct platform *platform, const char *grub_dir, struct error *err)
{
	cleanup_free char *folder = platform_folder(platform, grub_dir);

	if (access(folder, R_OK | X_OK) == 0)
		return 0;
	err_fail(err, ERR_MISSING, "%s: GRUB for the platform %s is not there", folder,
		 platform->folder);
	if (grub_dir)
		return err_mend(err, "name the folder of a GRUB that has %s with --grub-dir",
				platform->folder);
	return err_mend(err, "install the Debian package %s", platform->package);
}

static int check_module(const struct platform *platform, const char *grub_dir, const char *module,
			struct error *err)
{
	cleanup_free char *folder = platform_folder(platform, grub_dir);
	cleanup_free char *path = xasprintf("%s/%s.mod", folder, module);

	if (access(path, R_OK) == 0)
		return 0;
	err_fail(err, ERR_MISSING, "%s: is not there: this GRUB has no module '%s'", path, module);
	if (!strcmp(module, "csl") || !strcmp(module, "sbs"))
		return err_mend(err,
				"name the folder of a GRUB that has Muen's modules with "
				"--grub-dir; or leave that away: then our loader reads the stream");
	if (grub_dir)
		return err_mend(err, "name the folder of a complete GRUB with --grub-dir");
	return err_mend(err, "install the Debian package %s again", platform->package);
}

/* A GRUB tree PREFIX/lib/grub may have its own tool, in PREFIX/bin: it fits its modules best. */
static char *find_tool(const char *grub_dir)
{
	if (grub_dir) {
		cleanup_free char *own = xasprintf("%s/../../bin/grub-mkimage", grub_dir);

		if (access(own, X_OK) == 0)
			return steal(own);
	}
	return xstrdup("grub-mkimage");
}

int grub_read_boot_record(const char *grub_dir, unsigned char record[static 512], struct error *err)
{
	const struct platform *platform = &platforms[GRUB_BIOS];
	cleanup_free char *folder = platform_folder(platform, grub_dir);
	cleanup_free char *path = xasprintf("%s/boot_hybrid.img", folder);
	cleanup_bytes struct bytes bytes = { 0 };

	if (check_platform(platform, grub_dir, err) < 0 || file_read(path, 512, 0, &bytes, err) < 0)
		return -1;
	if (bytes.size != 512) {
		err_fail(err, ERR_INPUT, "%s: has %zu bytes, 512 were expected", path, bytes.size);
		return err_mend(err, "install the Debian package %s again", platform->package);
	}
	memcpy(record, bytes.data, 512);
	return 0;
}

/* ---- the command line ------------------------------------------------------------------------ */

struct command {
	const char **words; /* with NULL at the end */
	size_t count;
	int descriptors[4];
	char paths[4][MEMORY_FILE_PATH];
	size_t descriptor_count;
};

static void command_free(struct command *command)
{
	for (size_t i = 0; i < command->descriptor_count; i++)
		close(command->descriptors[i]);
	free(command->words);
}

static void add_word(struct command *command, const char *word)
{
	array_grow(command->words, command->count + 1);
	command->words[command->count++] = word;
	command->words[command->count] = NULL;
}

/* An option whose value is a file with these bytes. Returns its descriptor. */
static int add_file(struct command *command, const char *option, const void *bytes, size_t size,
		    uint64_t time, struct error *err)
{
	size_t index = command->descriptor_count;
	int fd = memory_file(bytes, size, time, err);

	if (fd < 0)
		return -1;
	command->descriptors[index] = fd;
	command->descriptor_count++;
	add_word(command, option);
	add_word(command, memory_file_path(fd, command->paths[index]));
	return fd;
}

static int add_modules(struct command *command, const struct grub_request *request,
		       const char *const *modules, struct error *err)
{
	for (size_t i = 0; modules && modules[i]; i++) {
		if (check_module(&platforms[request->image], request->grub_dir, modules[i], err) <
		    0)
			return -1;
		add_word(command, modules[i]);
	}
	return 0;
}

/* What the image does before it reads its configuration: find the drive. In the language of GRUB's
 * rescue mode, which has no conditions. A UEFI firmware loads it from a partition of the drive. */
static char *early_config(const struct grub_request *request)
{
	switch (request->image) {
	case GRUB_BIOS:
		return xasprintf("search.fs_label %s root $root\n"
				 "set prefix=($root)/boot/grub\n",
				 request->label);
	case GRUB_UEFI:
		return xasprintf("regexp --set=1:drive '^([^,]*)' $root\n"
				 "search.fs_label %s root $drive\n"
				 "set prefix=($root)/boot/grub\n",
				 request->label);
	default:
		return NULL;
	}
}

static int fill_command(struct command *command, const struct grub_request *request,
			struct error *err)
{
	cleanup_free char *early = early_config(request);
	const struct bytes *archive = request->archive;

	if (early && add_file(command, "-c", early, strlen(early), request->time, err) < 0)
		return -1;
	if (archive &&
	    add_file(command, "-m", archive->data, archive->size, request->time, err) < 0)
		return -1;
	if (request->public_key) {
		if (add_file(command, "-k", request->public_key, request->public_key_size,
			     request->time, err) < 0 ||
		    add_modules(command, request, signature_modules, err) < 0)
			return -1;
	}
	return add_modules(command, request, platforms[request->image].modules, err) < 0
		       ? -1
		       : add_modules(command, request, request->modules, err);
}

int grub_make_image(const struct grub_request *request, struct bytes *image, struct error *err)
{
	const struct platform *platform = &platforms[request->image];
	cleanup_free char *folder = platform_folder(platform, request->grub_dir);
	cleanup_free char *tool = find_tool(request->grub_dir);
	cleanup_with(command_free) struct command command = { 0 };
	const char *const first[] = { tool,   "-O", platform->format, "-d",
				      folder, "-p", platform->prefix };
	int fd;

	if (check_platform(platform, request->grub_dir, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		add_word(&command, first[i]);
	fd = add_file(&command, "-o", NULL, 0, request->time, err);
	if (fd < 0 || fill_command(&command, request, err) < 0)
		return -1;
	if (child_run(&(struct child){ .words = command.words,
				       .package = "grub-common",
				       .descriptors = command.descriptors,
				       .descriptor_count = command.descriptor_count,
				       .time = request->time },
		      err) < 0)
		return -1;
	return memory_file_read(fd, image, err);
}

/* Writes a synthetic Solo5 unikernel, sound or broken in a known way: see mkelf --help. */
#include "base/file.h"
#include "base/text.h"
#include "solo5/unikernel.h"
#include "tests/unit/broken_elf.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mkelf [OPTION...] FILE            write a sound unikernel\n"
	"       mkelf --broken NAME FILE          write one that is broken in a known way\n"
	"       mkelf --broken list               list those: NAME, OUTCOME, WORD, with tabs "
	"between\n"
	"\n"
	"  --target NAME      hvt, spt, virtio, muen, genode or xen (default: muen)\n"
	"  --abi NUMBER       version of the target's ABI (default: the target's newest)\n"
	"  --sinfo NUMBER     revision of the subject info in the code; 0: none (default: 5)\n"
	"  --base ADDRESS     of the text segment (default: the target's)\n"
	"  --net NAME         add a network device; may be repeated\n"
	"  --block NAME       add a block device; may be repeated\n"
	"  --text-size SIZE, --rodata-size SIZE, --eh-frame-size SIZE, --data-size SIZE,\n"
	"  --bss-size SIZE    of the sections: a number of bytes, or with K, M or G\n"
	"                     (default: those of Solo5's test_hello)\n"
	"  --compact          leave no holes between the segments in the file\n"
	"\n"
	"OUTCOME is parse-error, muen-error, muen-warning or good; WORD is what the message\n"
	"of that error, or one finding of that severity, contains.\n";

enum {
	OPT_TARGET = 1,
	OPT_ABI,
	OPT_SINFO,
	OPT_BASE,
	OPT_NET,
	OPT_BLOCK,
	OPT_TEXT,
	OPT_RODATA,
	OPT_EH_FRAME,
	OPT_DATA,
	OPT_BSS,
	OPT_COMPACT,
	OPT_BROKEN,
	OPT_HELP,
};

static const struct option options[] = {
	{ "target", required_argument, NULL, OPT_TARGET },
	{ "abi", required_argument, NULL, OPT_ABI },
	{ "sinfo", required_argument, NULL, OPT_SINFO },
	{ "base", required_argument, NULL, OPT_BASE },
	{ "net", required_argument, NULL, OPT_NET },
	{ "block", required_argument, NULL, OPT_BLOCK },
	{ "text-size", required_argument, NULL, OPT_TEXT },
	{ "rodata-size", required_argument, NULL, OPT_RODATA },
	{ "eh-frame-size", required_argument, NULL, OPT_EH_FRAME },
	{ "data-size", required_argument, NULL, OPT_DATA },
	{ "bss-size", required_argument, NULL, OPT_BSS },
	{ "compact", no_argument, NULL, OPT_COMPACT },
	{ "broken", required_argument, NULL, OPT_BROKEN },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("mkelf: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(64);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
	uint64_t value;

	if (text_to_size(text, &value) < 0 || value < least || value > most)
		die("'%s' is no number from %llu to %llu", text, (unsigned long long)least,
		    (unsigned long long)most);
	return value;
}

static uint32_t target(const char *name)
{
	for (uint32_t i = SOLO5_HVT; i <= SOLO5_XEN; i++)
		if (!strcmp(solo5_target_name(i), name))
			return i;
	die("'%s' is no target of Solo5", name);
}

static void add_device(struct elf_spec *spec, const char *name, uint32_t type)
{
	if (spec->device_count == ELF_SPEC_DEVICES || strlen(name) > SOLO5_NAME_MAX)
		die("device '%s' does not fit", name);
	elf_spec_device(spec, name, type);
}

static void list_broken(void)
{
	const struct broken_elf *broken;

	for (size_t i = 0; (broken = broken_elf_at(i)); i++)
		printf("%s\t%s\t%s\n", broken->name, broken_outcome_name(broken->outcome),
		       broken->word);
}

/* What the command line asks for. */
struct request {
	struct elf_spec spec;
	const char *broken;
};

static void take(struct request *request, int option, const char *value)
{
	struct elf_spec *spec = &request->spec;
	const uint64_t most = 1ull << 40;

	if (option == OPT_ABI)
		spec->abi_version = (uint32_t)number(value, 0, UINT32_MAX);
	else if (option == OPT_SINFO)
		memset(spec->sinfo, (int)number(value, 0, 255), sizeof(spec->sinfo));
	else if (option == OPT_BASE)
		spec->base = number(value, 0, UINT64_MAX);
	else if (option == OPT_NET)
		add_device(spec, value, SOLO5_NET_BASIC);
	else if (option == OPT_BLOCK)
		add_device(spec, value, SOLO5_BLOCK_BASIC);
	else if (option == OPT_TEXT)
		spec->text_size = number(value, ELF_SPEC_TEXT_LEAST, most);
	else if (option == OPT_RODATA)
		spec->rodata_size = number(value, 0, most);
	else if (option == OPT_EH_FRAME)
		spec->eh_frame_size = number(value, 0, most);
	else if (option == OPT_DATA)
		spec->data_size = number(value, 0, most);
	else if (option == OPT_BSS)
		spec->bss_size = number(value, 0, UINT64_MAX / 2);
	else if (option == OPT_COMPACT)
		spec->compact = true;
	else if (option == OPT_BROKEN)
		request->broken = value;
	if (option == OPT_SINFO)
		spec->sinfo_count = spec->sinfo[0] ? 3 : 0;
}

static struct request parse(int argc, char **argv)
{
	struct request request = { .spec = elf_spec_of(SOLO5_MUEN) };
	int option;

	/* The target sets what the others change. */
	while ((option = getopt_long(argc, argv, "", options, NULL)) > 0)
		if (option == OPT_TARGET)
			request.spec = elf_spec_of(target(optarg));
	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) > 0) {
		if (option == OPT_HELP) {
			fputs(help, stdout);
			exit(0);
		}
		if (option == '?')
			exit(64);
		take(&request, option, optarg);
	}
	return request;
}

static struct elf_image build(const struct request *request)
{
	const struct broken_elf *broken;

	if (!request->broken)
		return elf_build(&request->spec);
	broken = broken_elf_named(request->broken);
	if (!broken)
		die("'%s' is no way to be broken: see mkelf --broken list", request->broken);
	return broken_elf_build(broken);
}

int main(int argc, char **argv)
{
	struct request request = parse(argc, argv);
	cleanup_elf_image struct elf_image image = { 0 };
	struct error err = { 0 };

	if (request.broken && !strcmp(request.broken, "list")) {
		list_broken();
		return fflush(stdout) ? 74 : 0;
	}
	if (optind + 1 != argc)
		die("name one file to write; see mkelf --help");
	image = build(&request);
	if (file_write(argv[optind], image.bytes, image.size, 0644, &err) < 0) {
		fprintf(stderr, "mkelf: %s\n", err.message);
		return err.kind;
	}
	return 0;
}

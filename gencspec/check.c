#include "gencspec/check.h"

#include "base/text.h"
#include "gencspec/naming.h"

#include <inttypes.h>
#include <string.h>

/* ---- what is asked for --------------------------------------------------- */

static int check_sizes(const struct conversion_options *options, struct error *err)
{
	char text[32];

	if (!options->ram || options->ram % MUEN_PAGE) {
		err_fail(err, ERR_USAGE, "the RAM size is %s, a multiple of 4 KiB was expected",
			 size_to_text(options->ram, text));
		return err_mend(err, "use for instance --ram 512");
	}
	if (!options->channel_size || options->channel_size % MUEN_PAGE) {
		err_fail(err, ERR_USAGE, "the channel size is %s, a multiple of 4 KiB was expected",
			 size_to_text(options->channel_size, text));
		return err_mend(err, "use for instance --channel-size 1M");
	}
	/* Keeps every sum of addresses below far from overflow; layout_check() is stricter. */
	if (options->ram > 1ull << 47 || options->channel_size > 1ull << 40) {
		err_fail(err, ERR_USAGE, "%s of %s: no subject can have that much",
			 options->ram > 1ull << 47 ? "RAM" : "a channel",
			 size_to_text(options->ram > 1ull << 47 ? options->ram
								: options->channel_size,
				      text));
		return err_mend(err, "plain numbers are MiB for --ram, bytes for --channel-size");
	}
	return 0;
}

static int check_bootparams(const char *bootparams, struct error *err)
{
	size_t length = strlen(bootparams);

	if (length > BOOT_PARAMETERS_MAX) {
		err_fail(err, ERR_USAGE,
			 "the boot parameters have %zu bytes, their page holds at most %d", length,
			 BOOT_PARAMETERS_MAX);
		return err_mend(err, "move what is long into the unikernel's configuration");
	}
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)bootparams[i] >= 0x20 && bootparams[i] != 0x7f)
			continue;
		err_fail(err, ERR_USAGE,
			 "byte %zu of the boot parameters is the control character "
			 "0x%02x",
			 i, (unsigned char)bootparams[i]);
		return err_mend(err, "write the parameters on one line, separated by blanks");
	}
	if (!text_is_xml(bootparams)) {
		err_fail(err, ERR_USAGE,
			 "the boot parameters are not UTF-8 text of characters that XML has");
		return err_mend(err, "XML can hold nothing else; encode binary values");
	}
	if (bootparams[0] == '$') {
		err_fail(err, ERR_USAGE,
			 "the boot parameters begin with '$': Muen would take '%s' "
			 "for a variable of the policy",
			 bootparams);
		return err_mend(err, "put another parameter in front of it");
	}
	return 0;
}

/* Whether the text can be a name in a policy, where '$' begins a variable. */
static bool is_plain(const char *name)
{
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	return *name && *name != '$' && text_is_xml(name);
}

/* The base name of the file stands in the specification. */
static int check_file_name(const char *file, struct error *err)
{
	char shown[256];

	if (is_plain(file))
		return 0;
	err_fail(err, ERR_USAGE,
		 "the file name '%s' cannot stand in a policy: it must be UTF-8 text without "
		 "control "
		 "characters, and not begin with '$'",
		 text_printable(file, strlen(file), shown, sizeof(shown)));
	return err_mend(err, "rename the unikernel's file");
}

int check_component_name(const char *name, struct error *err)
{
	char shown[128];

	if (!is_plain(name) || strpbrk(name, "|/")) {
		err_fail(err, ERR_USAGE,
			 "'%s' cannot be a component's name: it must be UTF-8 text without control "
			 "characters, '|' and '/', and not begin with '$'",
			 text_printable(name, strlen(name), shown, sizeof(shown)));
		return err_mend(err, "choose another name");
	}
	if (region_name_room(name, true) >= 8)
		return 0;
	err_fail(err, ERR_USAGE,
		 "the component name '%s' has %zu characters: Muen's names would get longer than "
		 "%d with what it adds",
		 name, strlen(name), MUEN_NAME_MAX);
	return err_mend(err, "choose a name of at most %d characters", (MUEN_NAME_MAX - 10) / 2);
}

int check_options(const struct conversion_options *options, struct error *err)
{
	if (check_sizes(options, err) < 0 || check_bootparams(options->bootparams, err) < 0)
		return -1;
	return check_file_name(options->file, err);
}

/* ---- the unikernel ------------------------------------------------------- */

static int check_subject_info(const struct unikernel *unikernel, unsigned target, struct error *err)
{
	if (!target || !unikernel->sinfo_revision || unikernel->sinfo_revision == target)
		return 0;
	err_fail(err, ERR_INPUT,
		 "the unikernel expects subject info revision %02u, the target's Muen has %02u: it "
		 "would be silent for ever",
		 unikernel->sinfo_revision, target);
	return err_mend(err,
			"link it with a Solo5 whose muen bindings use revision %02u, or, if "
			"the target runs a Muen with revision %02u, say so with "
			"--subject-info %u or in the recipe",
			target, unikernel->sinfo_revision, unikernel->sinfo_revision);
}

/* The first address of the segment that has .text, 0 if none does. */
static uint64_t text_start(const struct elf *elf)
{
	const struct elf_section *text = elf_section_named(elf, ".text");

	for (size_t i = 0; text && i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];

		if (segment->type == PT_LOAD && text->addr >= segment->vaddr &&
		    text->addr - segment->vaddr < segment->filesz)
			return segment->vaddr;
	}
	return 0;
}

/* A section with contents that would be covered with NOPs, or NULL. */
static const struct elf_section *section_between(const struct elf *elf,
						 const struct elf_section *interpreter,
						 const struct elf_section *text)
{
	for (size_t i = 0; i < elf->section_count; i++) {
		const struct elf_section *section = &elf->sections[i];

		if (section != interpreter && section->flags & SHF_ALLOC && section->size &&
		    section->addr >= interpreter->addr && section->addr < text->addr)
			return section;
	}
	return NULL;
}

#define MEND_RESTART                                                                               \
	"link it with Solo5's own linker script, or do without restarts: --disable-reset"

static int fail_restart_entry(const struct elf *elf, uint64_t start, struct error *err)
{
	const char *why = "the code from the end of .interp on does not begin with it";

	if (!elf_section_named(elf, ".text"))
		why = "there is no section .text";
	else if (!elf_section_named(elf, ".interp"))
		why = "no section .interp, which could be covered with NOPs, leads to it";
	err_fail(err, ERR_INPUT,
		 "a restart enters the unikernel at the start of its text region (0x%" PRIx64
		 "), but its entry point is 0x%" PRIx64 " and %s",
		 start, elf->entry, why);
	return err_mend(err, MEND_RESTART);
}

/* With muinit the CPU comes to the START of the text region, not to the entry point. */
static int check_restart_entry(const struct elf *elf, struct error *err)
{
	const struct elf_section *text = elf_section_named(elf, ".text");
	const struct elf_section *interpreter = elf_section_named(elf, ".interp");
	const struct elf_section *between;
	uint64_t start = text_start(elf);

	if (!text || text->addr != elf->entry ||
	    (text->addr != start && (!interpreter || interpreter->addr != start)))
		return fail_restart_entry(elf, start, err);
	if (text->addr == start)
		return 0;
	between = section_between(elf, interpreter, text);
	if (!between)
		return 0;
	err_fail(err, ERR_INPUT,
		 "a restart needs NOPs from .interp to the entry point 0x%" PRIx64
		 ", but section %s (0x%" PRIx64 ") lies between",
		 elf->entry, between->name, between->addr);
	return err_mend(err, MEND_RESTART);
}

/* muinit looks for the region by its name. */
int check_restart_region(const struct component *component, const struct elf *elf,
			 struct error *err)
{
	const struct component_region *text = component_region_named(component, "text");

	if (!component->resettable || (text && text->address == text_start(elf)))
		return 0;
	err_fail(err, ERR_INPUT,
		 "a restart enters the region 'text', but that is not the one with section .text "
		 "(0x%" PRIx64 ")",
		 text_start(elf));
	return err_mend(err, "rename what is called 'text' in the source specification or the "
			     "unikernel, or do without restarts: --disable-reset");
}

static int refuse_findings(const struct findings *findings, struct error *err)
{
	size_t errors = findings_count(findings, FINDING_ERROR);

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		if (finding->severity != FINDING_ERROR)
			continue;
		err_fail(err, ERR_INPUT, "%s", finding->text);
		if (errors == 1)
			return err_mend(err, "%s", finding->mend);
		return err_mend(err, "%s; %zu more problem%s: 'muenbuild inspect' lists all",
				finding->mend, errors - 1, errors == 2 ? "" : "s");
	}
	return 0;
}

int check_unikernel(const struct unikernel *unikernel, const struct conversion_options *options,
		    struct findings *findings, struct error *err)
{
	unikernel_check_muen(unikernel, findings);
	if (refuse_findings(findings, err) < 0)
		return -1;
	if (check_subject_info(unikernel, options->subject_info, err) < 0)
		return -1;
	return options->resettable ? check_restart_entry(&unikernel->elf, err) : 0;
}

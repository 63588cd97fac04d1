#include "tender/muen/world.h"

#include "base/alloc.h"
#include "base/text.h"
#include "gencspec/convert.h"
#include "subject/world_text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define NAME "unikernel" /* of component and subject in the built-in policy */
#define LOG_CHANNEL_SIZE 0x20000ull
#define WORLD_TEXT_MAX (16u << 20)

static int no_world(const struct unikernel *unikernel, const struct findings *findings,
		    struct error *err)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		if (finding->severity != FINDING_ERROR)
			continue;
		err_fail(err, ERR_INPUT, "%s", finding->text);
		return *finding->mend ? err_mend(err, "%s", finding->mend) : -1;
	}
	if (unikernel->sinfo_revision)
		return 0;
	return err_fail(err, ERR_INPUT,
			"its code does not look for Muen's subject info, of no revision from "
			"02 to 05");
}

/* What Muen's own tools would refuse, or what would fail there. */
static int check(const struct unikernel *unikernel, struct error *err)
{
	cleanup_findings struct findings findings = { 0 };

	unikernel_check_muen(unikernel, &findings);
	return no_world(unikernel, &findings, err);
}

/* ---- the built-in policy's ----------------------------------------------------------------- */

static void copy_binary(const struct unikernel *unikernel, const struct component *component,
			struct bytes *binary)
{
	const struct elf *elf = &unikernel->elf;

	binary->data = xcalloc(elf->size + GENCSPEC_SLACK, 1);
	binary->size = elf->size;
	binary->slack = GENCSPEC_SLACK;
	memcpy(binary->data, elf->bytes, elf->size);
	gencspec_patch_binary(unikernel, component, binary);
}

static struct subject_world *plan(const struct unikernel *unikernel,
				  const struct options_hvt *options, struct bytes *binary,
				  struct error *err)
{
	cleanup_findings struct findings findings = { 0 };
	const struct conversion_options conversion = {
		.file = path_base_name(options->kernel),
		.name = NAME,
		.bootparams = options->command_line,
		.ram = muen_page_up(options->memory),
		.channel_size = options->channel_size,
		.log_channel_size = LOG_CHANNEL_SIZE,
	};
	const struct world_options world = {
		.name = NAME,
		.unikernel = options->kernel,
		.sinfo_revision = unikernel->sinfo_revision,
		.log_channel_size = LOG_CHANNEL_SIZE,
		.origin = "the unikernel",
	};
	cleanup_component struct component *component =
		gencspec_plan(unikernel, &conversion, &findings, err);

	if (!component)
		return NULL;
	copy_binary(unikernel, component, binary);
	return world_from_component(component, &world, err);
}

/* ---- a policy's ------------------------------------------------------------------------------ */

/* "@FD" is a descriptor that whoever started the tender has opened. */
static int open_text(const char *place, char path[static 64])
{
	uint64_t fd;

	if (place[0] != '@' || text_to_number(place + 1, &fd) < 0 || fd > INT_MAX)
		return -1;
	snprintf(path, 64, "/proc/self/fd/%d", (int)fd);
	return 0;
}

static struct subject_world *read_world(const struct options_hvt *options, struct bytes *binary,
					struct error *err)
{
	cleanup_world struct subject_world *world = NULL;
	cleanup_bytes struct bytes text = { 0 };
	const char *name = options->world;
	char path[64];

	if (file_read(open_text(name, path) == 0 ? path : name, WORLD_TEXT_MAX, 0, &text, err) < 0)
		return NULL;
	world = world_read_text(name, (const char *)text.data, text.size, err);
	if (!world || file_read(world->unikernel ? world->unikernel : options->kernel, ELF_FILE_MAX,
				0, binary, err) < 0)
		return NULL;
	if (!*options->command_line)
		return steal(world);
	err_fail(err, ERR_USAGE,
		 "--world has the boot parameters already: '%s' cannot be added to them",
		 options->command_line);
	return NULL;
}

struct subject_world *muen_world_new(const struct unikernel *unikernel,
				     const struct options_hvt *options, struct bytes *binary,
				     struct error *err)
{
	*binary = (struct bytes){ 0 };
	if (check(unikernel, err) < 0)
		return NULL;
	return options->world ? read_world(options, binary, err)
			      : plan(unikernel, options, binary, err);
}

/* Any bytes are a policy whose unikernels have settled worlds, or are refused with a whole
 * message. Its component and its unikernel may stand beside it. */
#include "policy/world_xml.h"

#include "solo5/unikernel.h"
#include "tests/unit/elf_builder.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static const char component[] =
	"<component name='uk' profile='native'><config/>"
	"<depends><library ref='libmudebuglog'/><library ref='libmutime'/>"
	"<library ref='muinit'/></depends>"
	"<requires><vcpu><registers><gpr><rip>16#0020_0020#</rip><rsp>16#0030_fff8#</rsp>"
	"<rdi>16#1000#</rdi></gpr></registers></vcpu><channels>"
	"<reader logical='net|in' size='16#1000#'/>"
	"<writer logical='net|out' virtualAddress='16#2030_d000#' size='16#1000#'/></channels>"
	"</requires><provides>"
	"<memory logical='boot_info' type='subject_solo5_boot_info' virtualAddress='16#1000#' "
	"size='16#1000#' writable='false' executable='false'><file filename='uk_bi' "
	"offset='none'/></memory>"
	"<memory logical='text' type='subject_binary' virtualAddress='16#0020_0000#' "
	"size='16#1000#' writable='false' executable='true'><file filename='test.muen' "
	"offset='16#1000#'/></memory>"
	"<memory logical='ram' type='subject' virtualAddress='16#0020_1000#' "
	"size='16#0010_f000#' writable='true' executable='false'/></provides></component>";

static void demand_error(const struct error *err)
{
	demand((err->kind == ERR_INPUT || err->kind == ERR_NO_INPUT) && *err->message, "the error");
}

static void check(const struct policy *policy)
{
	const char *const *names;
	size_t count = policy_unikernels(policy, &names);

	for (size_t i = 0; i < count && i < 4; i++) {
		struct error err = { 0 };
		cleanup_world struct subject_world *world = policy_world(policy, names[i], &err);

		if (!world) {
			demand_error(&err);
			continue;
		}
		demand(!strcmp(world->name, names[i]), "the name");
		demand(world_settle(world, &err) == 0, "a settled world");
		for (size_t k = 0; k < world->count; k++)
			demand(*world->regions[k].origin != '\0', "an origin");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct elf_image image;
	struct elf_spec spec = elf_spec_of(SOLO5_MUEN);
	struct error err = { 0 };

	if (!image.bytes)
		image = elf_build(&spec);

	struct policy_file files[] = {
		{ "fuzz.xml", data, size, NULL },
		{ "component_uk.xml", component, strlen(component), NULL },
		{ "test.muen", image.bytes, image.size, "test.muen" },
	};
	struct policy_source source = { .path = "/nonexistent/fuzz.xml",
					.files = files,
					.file_count = sizeof(files) / sizeof(files[0]) };
	cleanup_policy struct policy *policy = policy_open(&source, &err);

	if (policy)
		check(policy);
	else
		demand_error(&err);
	return 0;
}

/* Command streams, as they are checked before signing and by the loader: given memory everywhere,
 * both must think the same of one. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "image/csl.h"
#include "image/loader/plan.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int count(const struct csl_command *command, void *context, struct error *err)
{
	uint64_t *seen = context;

	(void)err;
	if (command->number != ++*seen || strlen(command->check.message) > CSL_CPUID_TEXT)
		abort();
	return 0;
}

static void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t values[4])
{
	for (unsigned i = 0; i < 4; i++)
		values[i] = leaf ^ subleaf;
}

static void ask_loader(const uint8_t *data, size_t size, bool good,
		       const struct csl_summary *summary)
{
	static const struct plan_cpu cpu = { .cpuid = cpuid };
	cleanup_free struct plan *plan = xcalloc(1, sizeof(*plan));
	cleanup_free struct ram_map *ram = xcalloc(1, sizeof(*ram));
	cleanup_free struct csl_target *targets = NULL;
	struct line why = { 0 };
	bool loads;

	ram->ranges[ram->count++] = (struct ram_range){ 0, UINT64_MAX };
	loads = plan_read(plan, data, (uint32_t)size, &why);
	if (loads) {
		targets = xcalloc(plan->target_count, sizeof(*targets));
		plan->targets = targets;
		loads = plan_make(plan, data, (uint32_t)size, ram, &cpu, &why);
	}
	if (loads == good)
		return;
	/* The loader alone asks the processor. */
	if (!good || !summary->checks)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_close int fd = memfd_create("csl", MFD_CLOEXEC);
	struct csl_summary summary;
	struct error err = { 0 };
	uint64_t seen = 0;
	bool good;

	if (fd < 0 || file_pwrite(fd, "memory", data, size, 0, &err) < 0)
		abort();
	good = csl_check(fd, "memory", size, &summary, count, &seen, &err) == 0;
	if (good ? seen != summary.commands : !*err.message || !*err.mend)
		abort();
	ask_loader(data, size, good, &summary);
	return 0;
}

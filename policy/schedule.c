#include "policy/schedule.h"

#include "policy/subjects.h"

#include <string.h>

#define CPUS_MAX 64
#define UNPLACED UINT32_MAX

static void put(struct partition *partition, size_t group, const char *subject)
{
	partition->groups[group].subjects[partition->groups[group].count++] = subject;
	if (partition->group_count <= group)
		partition->group_count = group + 1;
}

/* A group lists the subject that runs first before those that it traps to. */
static void add_linux_partition(struct system *system, const struct recipe *recipe)
{
	struct partition *partition = system_add_partition(system, SUBJECT_LINUX);

	put(partition, 0, SUBJECT_LINUX);
	put(partition, 0, SUBJECT_LINUX_MONITOR);
	if (recipe->network.loader)
		put(partition, 0, SUBJECT_LINUX_LOADER);
	partition->ticks = recipe->network.ticks;
	partition->cpu = 0;
}

static void add_unikernel_partition(struct system *system, const struct unikernel_request *request,
				    const struct recipe *recipe)
{
	const char *name = request->component->name;
	struct partition *partition = system_add_partition(system, name);

	put(partition, 0, name);
	put(partition, 0, system_text(system, "%s_mon", name));
	partition->ticks = request->ticks ? request->ticks : recipe->unikernel.ticks;
	partition->cpu = request->cpu < 0 ? UNPLACED : (unsigned)request->cpu;
}

/* The last CPU on which no unikernel wants to be; the last one if all are wanted. */
static unsigned service_cpu(const struct system *system)
{
	for (unsigned cpu = system->cpu_count; cpu-- > 0;) {
		bool wanted = false;

		for (size_t i = 0; i < system->partition_count; i++)
			wanted |= system->partitions[i].cpu == cpu &&
				  strcmp(system->partitions[i].name, SUBJECT_LINUX) != 0;
		if (!wanted)
			return cpu;
	}
	return system->cpu_count - 1;
}

static void add_service_partition(struct system *system, const struct recipe *recipe)
{
	unsigned cpu = service_cpu(system);
	struct partition *partition = system_add_partition(system, PARTITION_SERVICE);

	/* No switch event connects the two: a group each. */
	put(partition, 0, SUBJECT_DEBUG_SERVER);
	put(partition, 1, SUBJECT_TIME);
	partition->ticks = recipe->scheduling.service_ticks;
	partition->cpu = cpu;
}

static uint64_t cpu_ticks(const struct system *system, unsigned cpu)
{
	uint64_t ticks = 0;

	for (size_t i = 0; i < system->partition_count; i++)
		if (system->partitions[i].cpu == cpu)
			ticks += system->partitions[i].ticks;
	return ticks;
}

static void place_the_rest(struct system *system)
{
	for (size_t i = 0; i < system->partition_count; i++) {
		unsigned best = 0;

		if (system->partitions[i].cpu != UNPLACED)
			continue;
		for (unsigned cpu = 1; cpu < system->cpu_count; cpu++)
			if (cpu_ticks(system, cpu) < cpu_ticks(system, best))
				best = cpu;
		system->partitions[i].cpu = best;
	}
}

/* The last partition of each CPU runs on until the longest CPU is done: Muen wants equal sums. */
static int even_out(struct system *system, struct error *err)
{
	uint64_t longest = 0;

	for (unsigned cpu = 0; cpu < system->cpu_count; cpu++)
		if (cpu_ticks(system, cpu) > longest)
			longest = cpu_ticks(system, cpu);
	if (longest > UINT32_MAX) {
		err_fail(err, ERR_USAGE, "the minor frames of a CPU sum up to %llu ticks",
			 (unsigned long long)longest);
		return err_mend(err, "give the unikernels fewer ticks");
	}
	for (unsigned cpu = 0; cpu < system->cpu_count; cpu++) {
		uint64_t missing = longest - cpu_ticks(system, cpu);
		struct partition *last = NULL;

		for (size_t i = 0; i < system->partition_count; i++)
			if (system->partitions[i].cpu == cpu)
				last = &system->partitions[i];
		if (!last) {
			err_fail(err, ERR_USAGE,
				 "CPU %u of %u would have nothing to run, which Muen refuses", cpu,
				 system->cpu_count);
			return err_mend(err,
					"use fewer CPUs (--cpus) or place a unikernel there: "
					"--unikernel FILE,cpu=%u",
					cpu);
		}
		last->ticks += (unsigned)missing;
	}
	return 0;
}

/* How many CPUs to use: as many as asked for and useful, since none may stay empty. */
static int choose_cpus(struct system *system, const struct composition *composition,
		       size_t partitions, struct error *err)
{
	unsigned asked =
		composition->cpus ? composition->cpus : composition->recipe->scheduling.cpus;
	unsigned most = composition->hardware ? composition->hardware->cpus : CPUS_MAX;
	unsigned needed = 1;

	for (size_t i = 0; i < composition->unikernel_count; i++)
		if (composition->unikernels[i].cpu >= (int)needed)
			needed = (unsigned)composition->unikernels[i].cpu + 1;
	if (asked > most || needed > most) {
		err_fail(err, ERR_USAGE, "the system would use %u CPUs, %s has %u",
			 asked > needed ? asked : needed,
			 composition->hardware ? composition->hardware->description : "Muen", most);
		return err_mend(err, "use at most --cpus %u, and unikernels on CPUs 0 to %u", most,
				most - 1);
	}
	if (needed > asked) {
		err_fail(err, ERR_USAGE,
			 "a unikernel is placed on CPU %u, the system uses CPUs 0 "
			 "to %u",
			 needed - 1, asked - 1);
		return err_mend(err, "use more CPUs: --cpus %u", needed);
	}
	system->cpu_count = asked;
	if (partitions < asked)
		system->cpu_count = needed > partitions ? needed : (unsigned)partitions;
	return 0;
}

int schedule_system(struct system *system, const struct composition *composition, struct error *err)
{
	const struct recipe *recipe = composition->recipe;
	bool has_linux = system_subject(system, SUBJECT_LINUX) != NULL;
	size_t partitions = composition->unikernel_count + 1 + has_linux;

	if (choose_cpus(system, composition, partitions, err) < 0)
		return -1;
	system->tick_rate = recipe->scheduling.tick_rate;
	if (has_linux)
		add_linux_partition(system, recipe);
	for (size_t i = 0; i < composition->unikernel_count; i++)
		add_unikernel_partition(system, &composition->unikernels[i], recipe);
	add_service_partition(system, recipe);
	place_the_rest(system);
	return even_out(system, err);
}

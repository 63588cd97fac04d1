#include "policy/names.h"

#include "base/alloc.h"

#include <ctype.h>
#include <string.h>

/* The monitor NAME_mon restores its writable region "data" from "NAME_mon|data" to
 * "NAME_mon|data_NAME_mon": twice the name, four characters each, and six between. */
#define UNIKERNEL_NAME_MAX ((MUEN_NAME_MAX - 6) / 2 - 4)

/* Subjects, partitions and components of the system, and owners of regions that Muen's tools
 * make ("kernel_0|pt", "tau0|bin"). A trailing '*' stands for any end. */
static const char *const taken_names[] = {
	"time",
	"dbgserver",
	"nic_linux",
	"nic_sm",
	"nic_sl",
	"service",
	"tau0",
	"sm",
	"sl",
	"linux",
	"idle",
	"muinit",
	"libmu*",
	"kernel*",
	"vtd_*",
	"log",
	"trampoline",
	"sys_interface",
	"scheduling_info*",
};

/* What Muen's tools call the regions of their own in each subject. */
static const char *const tool_regions[] = { "state", "timed_event", "interrupts", "fpu",   "vmcs",
					    "iobm",  "msrbm",	    "msrstore",	  "sinfo", "pt" };

static bool is_taken(const char *name)
{
	for (size_t i = 0; i < sizeof(taken_names) / sizeof(taken_names[0]); i++) {
		const char *taken = taken_names[i];
		size_t length = strlen(taken);

		if (!strcmp(taken, name))
			return true;
		if (taken[length - 1] == '*' && !strncmp(taken, name, length - 1))
			return true;
	}
	return false;
}

int check_unikernel_name(const char *name, struct error *err)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c < 0x80 && (isalnum(c) || (i && strchr("_-.", c))))
			continue;
		err_fail(err, ERR_USAGE,
			 "'%s' cannot be the name of a unikernel: only letters, "
			 "digits, and after the first character also _ - . can",
			 name);
		return err_mend(err, "give it another one: --unikernel FILE,name=NAME");
	}
	if (!length || length > UNIKERNEL_NAME_MAX) {
		err_fail(err, ERR_USAGE,
			 "the unikernel name '%s' has %zu characters: names that Muen makes from "
			 "it, such as '%s_mon|data_%s_mon', would be longer than its limit of %d",
			 name, length, name, name, MUEN_NAME_MAX);
		return err_mend(err, "choose one of 1 to %d characters: --unikernel FILE,name=NAME",
				UNIKERNEL_NAME_MAX);
	}
	if (is_taken(name)) {
		err_fail(err, ERR_USAGE, "the name '%s' is taken by the system itself", name);
		return err_mend(err, "give the unikernel another one: --unikernel FILE,name=NAME");
	}
	return 0;
}

/* ---- all names of a system ----------------------------------------------- */

struct entry {
	const char *space; /* names differ within a name space */
	const char *name;
	const char *unikernel; /* whose it is, or NULL */
};

struct entries {
	struct entry *list;
	size_t count;
};

static void add(struct entries *entries, const char *space, const char *name, const char *unikernel)
{
	array_grow(entries->list, entries->count);
	entries->list[entries->count++] = (struct entry){ space, name, unikernel };
}

/* The regions of a unikernel: those that it provides, those that a restart restores (Muen's tools
 * keep the original as "SUBJECT|REGION_SUBJECT"), and those of Muen's tools. */
static void collect_regions(struct system *scratch, const struct component *component,
			    struct entries *entries)
{
	static const char space[] = "memory region";
	const char *owner = component->name;

	for (size_t i = 0; i < component->region_count; i++) {
		const struct component_region *region = &component->regions[i];

		add(entries, space, system_text(scratch, "%s|%s", owner, region->logical), owner);
		if (component->resettable && region->writable && region->content == REGION_FILE)
			add(entries, space,
			    system_text(scratch, "%s|%s_%s", owner, region->logical, owner), owner);
	}
	for (size_t i = 0; i < sizeof(tool_regions) / sizeof(tool_regions[0]); i++)
		add(entries, space, system_text(scratch, "%s|%s", owner, tool_regions[i]), owner);
}

static void collect(struct system *scratch, const struct system *system, struct entries *entries)
{
	for (size_t i = 0; i < system->subject_count; i++) {
		const struct subject *subject = &system->subjects[i];

		add(entries, "subject", subject->name, subject->unikernel);
		/* Only Linux has channels of its own. */
		for (size_t k = 0; k < subject->channel_count; k++)
			add(entries, "Linux channel", subject->channels[k].logical, NULL);
	}
	for (size_t i = 0; i < system->event_count; i++)
		add(entries, "event", system->events[i].name, system->events[i].subject);
	/* Channels become memory regions: one name space. */
	for (size_t i = 0; i < system->channel_count; i++)
		add(entries, "memory region", system->channels[i].name,
		    system->channels[i].subject);
	for (size_t i = 0; i < system->memory_count; i++)
		add(entries, "memory region", system->memory[i].name, system->memory[i].subject);
	for (size_t i = 0; i < system->component_count; i++) {
		add(entries, "component", system->components[i]->name, system->components[i]->name);
		collect_regions(scratch, system->components[i], entries);
	}
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(a->space, b->space);

	return order ? order : strcmp(a->name, b->name);
}

static int fail_collision(const struct entry *left, const struct entry *right, struct error *err)
{
	const char *first = left->unikernel, *second = right->unikernel;

	if (first && second && strcmp(first, second))
		err_fail(err, ERR_USAGE,
			 "the unikernels '%s' and '%s' collide: both need a %s "
			 "named '%s'",
			 first, second, left->space, left->name);
	else if (first || second)
		err_fail(err, ERR_USAGE,
			 "the unikernel '%s' collides with the system: there would "
			 "be two %ss named '%s'",
			 first ? first : second, left->space, left->name);
	else
		return err_fail(err, ERR_INTERNAL, "the composed system has two %ss named '%s'",
				left->space, left->name);
	return err_mend(err, "give the unikernel another name: --unikernel FILE,name=NAME");
}

static int check_entries(const struct entries *entries, struct error *err)
{
	for (size_t i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->list[i];

		if (strlen(entry->name) > MUEN_NAME_MAX) {
			err_fail(err, ERR_USAGE,
				 "the name of the %s '%s' would have %zu characters, Muen accepts "
				 "%d",
				 entry->space, entry->name, strlen(entry->name), MUEN_NAME_MAX);
			return err_mend(err, "give the unikernel a shorter name: --unikernel "
					     "FILE,name=NAME");
		}
		if (i && !compare_entries(entry - 1, entry))
			return fail_collision(entry - 1, entry, err);
	}
	return 0;
}

int check_system_names(const struct system *system, struct error *err)
{
	cleanup_system struct system *scratch = system_new(); /* holds the names made here */
	struct entries entries = { 0 };
	int result;

	collect(scratch, system, &entries);
	qsort(entries.list, entries.count, sizeof(*entries.list), compare_entries);
	result = check_entries(&entries, err);
	free(entries.list);
	return result;
}

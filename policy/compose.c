#include "policy/compose.h"

#include "base/alloc.h"
#include "gencspec/layout.h"
#include "policy/memory_fit.h"
#include "policy/names.h"
#include "policy/network.h"
#include "policy/schedule.h"
#include "policy/subjects.h"

#include <string.h>

/* The debug server's subject info has 255 entries, two of them for each unikernel's logs. */
#define UNIKERNELS_MAX 100

/* The libraries whose resources every unikernel of the built-in system is given; muinit comes with
 * restarts. */
static const char *const libraries[] = { "libmudebuglog", "libmutime", "muinit" };

static int check_libraries(const struct component *component, struct error *err)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		bool wanted = strcmp(libraries[i], "muinit") != 0 || component->resettable;

		if (component_depends(component, libraries[i]) == wanted)
			continue;
		err_fail(err, ERR_INPUT,
			 wanted ? "component '%s' does not depend on the library '%s', whose "
				  "resources the built-in system gives it"
				: "component '%s' depends on the library '%s', but is not "
				  "resettable",
			 component->name, libraries[i]);
		return err_mend(err, "make the specification with 'muenbuild gencspec', or compose "
				     "it into a system of your own: --template FILE");
	}
	for (size_t i = 0; i < component->library_count; i++) {
		const char *name = component->libraries[i];

		if (!strcmp(name, libraries[0]) || !strcmp(name, libraries[1]) ||
		    !strcmp(name, libraries[2]))
			continue;
		err_fail(err, ERR_INPUT,
			 "component '%s' depends on the library '%s': the built-in system does not "
			 "know what that asks for",
			 component->name, name);
		return err_mend(err, "compose it into a system of your own: --template FILE");
	}
	return 0;
}

static int check_request(const struct unikernel_request *request, struct error *err)
{
	const struct component *component = request->component;
	const struct component_channel *stray = component_stray_channel(component);
	const char *other = component->other;
	cleanup_free char *channel = NULL;

	if (check_unikernel_name(component->name, err) < 0 || check_libraries(component, err) < 0)
		return -1;
	if (!other && stray)
		other = channel = xasprintf("the channel '%s'", stray->logical);
	if (other) {
		err_fail(err, ERR_INPUT,
			 "component '%s' asks for %s: the built-in system has nothing to connect "
			 "it to",
			 component->name, other);
		return err_mend(err, "compose it into a system of your own: --template FILE");
	}
	if (strlen(component->bootparams) <= BOOT_PARAMETERS_MAX)
		return 0;
	err_fail(err, ERR_INPUT,
		 "component '%s' has boot parameters of %zu bytes, their page holds at most %d",
		 component->name, strlen(component->bootparams), BOOT_PARAMETERS_MAX);
	return err_mend(err, "move what is long into the unikernel's configuration");
}

static int check_requests(const struct composition *composition, struct error *err)
{
	if (composition->unikernel_count > UNIKERNELS_MAX) {
		err_fail(err, ERR_USAGE, "%zu unikernels in one system, at most %d can be",
			 composition->unikernel_count, UNIKERNELS_MAX);
		return err_mend(err, "the debug server's subject info cannot list more logs");
	}
	for (size_t i = 0; i < composition->unikernel_count; i++) {
		const char *name = composition->unikernels[i].component->name;

		if (check_request(&composition->unikernels[i], err) < 0)
			return -1;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(composition->unikernels[k].component->name, name))
				continue;
			err_fail(err, ERR_USAGE, "two unikernels have the name '%s'", name);
			return err_mend(err, "name them: --unikernel FILE,name=NAME");
		}
	}
	return 0;
}

/* Specifications that others wrote were not checked when they were made. */
static int check_layouts(const struct composition *composition, struct error *err)
{
	for (size_t i = 0; i < composition->unikernel_count; i++) {
		const struct component *component = composition->unikernels[i].component;

		if (layout_check(component, composition->recipe->debug.log_channel_size, err) < 0)
			return err_within(err, "component '%s'", component->name);
	}
	return 0;
}

static int check_linux_allowed(const struct composition *composition, struct error *err)
{
	const struct recipe *recipe = composition->recipe;

	if (recipe->network.allowed)
		return 0;
	err_fail(err, ERR_USAGE,
		 "a unikernel has a network device, but the recipe %s has no network",
		 recipe->name);
	return err_mend(err, "use a recipe with a network (see 'muenbuild recipes'), or join the "
			     "device to another unikernel: --connect NAME:DEVICE=NAME:DEVICE");
}

/* ---- the hardware -------------------------------------------------------- */

static int check_device(const struct hardware *hardware, const char *name, const char *resource,
			const char *purpose, struct error *err)
{
	const struct hardware_device *device = hardware_device(hardware, name);

	if (device && (!resource || hardware_device_has(device, resource)))
		return 0;
	if (device)
		err_fail(err, ERR_INPUT, "%s: the device '%s' has no resource '%s', which %s needs",
			 hardware->description, name, resource, purpose);
	else
		err_fail(err, ERR_INPUT, "%s: there is no device or alias '%s', which %s needs",
			 hardware->description, name, purpose);
	return err_mend(err, "name the machine's device in the recipe, or add an alias to the "
			     "platform description");
}

static int check_devices(const struct composition *composition, bool has_linux, struct error *err)
{
	const struct hardware *hardware = composition->hardware;
	const struct recipe *recipe = composition->recipe;

	if (check_device(hardware, "cmos_rtc", "ports", "the time server", err) < 0 ||
	    check_device(hardware, recipe->debug.console, recipe->debug.console_port,
			 "the debug server", err) < 0)
		return -1;
	if (!has_linux)
		return 0;
	return check_device(hardware, recipe->network.device, NULL, "the network driver", err);
}

/* ---- composing ----------------------------------------------------------- */

static void add_commons(struct system *system, const struct recipe *recipe)
{
	struct memory *audit = system_add_memory(system);

	/* At a fixed place, so that it survives a reboot. */
	audit->name = "crash_audit";
	audit->size = MUEN_PAGE;
	audit->address = recipe->debug.crash_audit_address;
	audit->caching = "UC";
	audit->type = "subject_crash_audit";
	system_add_event(system, "sleep", "kernel", NULL);
	system_add_event(system, "reboot", "kernel", NULL);
	system_add_event(system, "poweroff", "kernel", NULL);
	system_add_event(system, EVENT_PANIC, "kernel", NULL);
	system_add_channel(system, CHANNEL_CLOCK, MUEN_PAGE, false, NULL);
}

static void add_components(struct system *system, const struct composition *composition)
{
	size_t count = composition->unikernel_count;

	system->components = xcalloc(count, sizeof(*system->components));
	for (size_t i = 0; i < count; i++)
		system->components[i] = composition->unikernels[i].component;
	system->component_count = count;
}

/* Linux' end of a channel that the unikernel's device has: the other role. */
static void add_linux_end(struct system *system, struct subject *driver,
			  const struct joined_device *joined,
			  const struct component_channel *channel, const char *physical,
			  uint64_t *address)
{
	bool writer = !channel->writer;
	struct channel_end end = { .writer = writer,
				   .logical = system_text(system, "%s|%s", joined->interface,
							  writer ? "in" : "out"),
				   .physical = physical,
				   .address = *address };

	subject_add_channel(driver, end);
	*address += channel->size;
}

static int set_linux_parameters(struct system *system, struct subject *driver,
				const struct network *network, struct error *err)
{
	cleanup_free char *parameters = network_linux_parameters(network, driver->bootparams, err);

	if (!parameters)
		return -1;
	driver->bootparams = system_text(system, "%s", parameters);
	return 0;
}

/* Gives each unikernel the channels of its devices, and Linux the other ends. */
static int join_network(struct system *system, const struct network *network, struct error *err)
{
	struct subject *driver = system_subject(system, SUBJECT_LINUX);
	uint64_t address = LINUX_CHANNELS;

	for (size_t i = 0; i < network->count; i++) {
		const struct joined_device *joined = &network->devices[i];
		const char *unikernel = joined->request->component->name;
		const struct component_channel *in = joined->device.in, *out = joined->device.out;
		struct subject *subject = system_subject(system, unikernel);
		/* The plan's names do not outlive it. */
		const char *in_name = system_text(system, "%s", joined->in);
		const char *out_name = system_text(system, "%s", joined->out);

		subject_map(subject, in->logical, in_name);
		subject_map(subject, out->logical, out_name);
		if (joined->interface) {
			system_add_channel(system, in_name, in->size, false, unikernel);
			add_linux_end(system, driver, joined, in, in_name, &address);
			add_linux_end(system, driver, joined, out, out_name, &address);
		}
		system_add_channel(system, out_name, out->size, false, unikernel);
	}
	if (!network->needs_linux)
		return 0;
	if (network_check_linux_room(address, err) < 0)
		return -1;
	return set_linux_parameters(system, driver, network, err);
}

static int add_subjects(struct system *system, const struct composition *composition,
			const struct network *network, struct error *err)
{
	add_time_server(system);
	for (size_t i = 0; i < composition->unikernel_count; i++)
		add_unikernel(system, composition->unikernels[i].component);
	if (network->needs_linux)
		add_linux(system, composition->recipe);
	if (join_network(system, network, err) < 0)
		return -1;
	add_debug_server(system, composition->recipe);
	return 0;
}

struct system *compose_system(const struct composition *composition, struct findings *findings,
			      struct error *err)
{
	cleanup_system struct system *system = system_new();
	cleanup_network struct network network = { 0 };

	if (check_requests(composition, err) < 0 || check_layouts(composition, err) < 0 ||
	    network_plan(composition, &network, findings, err) < 0)
		return NULL;
	if (network.needs_linux && check_linux_allowed(composition, err) < 0)
		return NULL;
	if (composition->hardware && check_devices(composition, network.needs_linux, err) < 0)
		return NULL;
	system->name = system_text(system, "%s", composition->name);
	system->log_channel_size = composition->recipe->debug.log_channel_size;
	add_commons(system, composition->recipe);
	if (add_subjects(system, composition, &network, err) < 0)
		return NULL;
	add_components(system, composition);
	if (check_system_names(system, err) < 0 || schedule_system(system, composition, err) < 0)
		return NULL;
	if (composition->hardware &&
	    check_memory_fits(system, composition->hardware, findings, err) < 0)
		return NULL;
	return steal(system);
}

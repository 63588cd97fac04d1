/* Makes a subject's world out of what the policy says about it. */
#include "policy/world_xml.h"

#include "base/alloc.h"
#include "base/file.h"
#include "policy/world_requests.h"
#include "solo5/unikernel.h"

#include <string.h>

/* A subject on its way. */
struct making {
	const struct policy *policy;
	const struct xml_node *subject;
	struct requests requests;
	struct subject_world *world;
	const char *unikernel; /* name of the unikernel's file in the policy */
	uint64_t unikernel_size;
};

static char *origin_of(const struct xml_node *node)
{
	return xml_line(node) ? xasprintf("%s:%u", xml_file(node), xml_line(node))
			      : xstrdup(xml_file(node));
}

/* ---- roles --------------------------------------------------------------- */

static bool has_type(const struct request *request, const char *type)
{
	return !strcmp(request->type, type);
}

static bool is_named(const struct request *request, const char *logical)
{
	return !strcmp(request->logical, logical);
}

/* Muen's expander adds what writable segments are reset from: the same file once more. */
static bool is_image(const struct request *request)
{
	return has_type(request, MEMORY_BINARY) && !is_named(request, "muinit") &&
	       request->address < MUEN_RESET_SOURCES;
}

/* Heap and stack; gencspec calls it so. */
static bool is_ram(const struct request *request, uint64_t stack)
{
	if (!has_type(request, "subject"))
		return false;
	return is_named(request, "ram") || (request->writable && stack >= request->address &&
					    stack - request->address < request->size);
}

static enum world_role role_of(const struct making *making, const struct request *request)
{
	static const struct {
		const char *type, *logical;
		enum world_role role;
	} roles[] = {
		{ MEMORY_BOOT_INFO, NULL, WORLD_BOOT_INFO },
		{ "subject_info", NULL, WORLD_SINFO },
		{ "subject_scheduling_info", NULL, WORLD_SCHEDULE },
		{ "subject_timed_event", NULL, WORLD_TIMED_EVENT },
		{ "subject_channel", "time_info", WORLD_TIME_INFO },
		{ "subject_channel", "debuglog", WORLD_DEBUG_LOG },
		{ "subject_channel", NULL, WORLD_CHANNEL },
		{ "subject", "control", WORLD_CONTROL },
		{ "subject", "status", WORLD_STATUS },
	};

	if (is_image(request))
		return WORLD_BINARY;
	if (is_ram(request, making->world->stack))
		return WORLD_RAM;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (has_type(request, roles[i].type) &&
		    (!roles[i].logical || is_named(request, roles[i].logical)))
			return roles[i].role;
	return WORLD_MEMORY;
}

/* ---- contents ------------------------------------------------------------ */

/* What muinit will have put into a blank region: the content of the one that has the same hash. */
static const struct xml_node *reset_source(const struct making *making, const struct xml_node *node)
{
	struct xml_node *hash = xml_first(node, "hash"), *reference = xml_first(node, "hashRef");
	const char *name = reference ? xml_get(reference, "memory") : NULL;
	const char *value = hash ? xml_get(hash, "value") : NULL;

	if (name)
		return policy_section_named(making->policy, "memory", "memory", name);
	if (!value || !strcmp(value, "none"))
		return NULL;
	for (size_t i = 0; i < making->requests.count; i++) {
		const struct xml_node *other = making->requests.list[i].content;
		struct xml_node *others = other ? xml_first(other, "hash") : NULL;
		const char *same = others ? xml_get(others, "value") : NULL;

		if (other != node && same && !strcmp(same, value) && xml_first(other, "file"))
			return other;
	}
	return NULL;
}

static int read_fill(const struct xml_node *fill, struct world_region *region, struct error *err)
{
	uint64_t pattern;

	if (xml_need_number(fill, "pattern", &pattern, err) < 0)
		return -1;
	if (pattern > UINT8_MAX)
		return xml_fail(fill, err, "the pattern is no byte");
	region->content = REGION_FILL;
	region->pattern = (uint8_t)pattern;
	return 0;
}

static int fail_no_file(const struct making *making, const struct xml_node *file, const char *name,
			struct error *err)
{
	cleanup_free char *searched = policy_searched(making->policy);

	xml_fail(file, err, "%s is in none of the folders that were searched (%s)", name, searched);
	err->kind = ERR_NO_INPUT;
	return err_mend(err, "name the folder that has it with -I");
}

/* The path of a file that is not the unikernel; muinit itself is never run. */
static int find_other(const struct making *making, const struct request *request,
		      const struct xml_node *file, const char *name, struct world_region *region,
		      struct error *err)
{
	const struct policy_file *given;

	region->file = policy_find_file(making->policy, name, &given);
	if (region->file || is_named(request, "muinit")) {
		region->content = region->file ? REGION_FILE : REGION_EMPTY;
		return 0;
	}
	return fail_no_file(making, file, name, err);
}

static int read_file(const struct making *making, const struct request *request,
		     const struct xml_node *file, struct world_region *region, struct error *err)
{
	const char *name, *offset;

	if (xml_need(file, "filename", &name, err) < 0 ||
	    xml_need(file, "offset", &offset, err) < 0)
		return -1;
	if (strcmp(offset, "none") != 0 &&
	    xml_need_number(file, "offset", &region->file_offset, err) < 0)
		return -1;
	region->content = REGION_FILE;
	if (!making->unikernel || strcmp(name, making->unikernel) != 0)
		return find_other(making, request, file, name, region, err);
	if (region->file_offset < making->unikernel_size)
		return 0;
	xml_fail(file, err, "the file %s has only %llu bytes", making->world->unikernel,
		 (unsigned long long)making->unikernel_size);
	return err_mend(err, "compose the policy again: it is not that of this unikernel");
}

/* Muen fills them with zeroes, whatever memory they are in. */
static bool is_channel(enum world_role role)
{
	return role == WORLD_CHANNEL || role == WORLD_TIME_INFO || role == WORLD_DEBUG_LOG;
}

/* The role says what they hold. */
static bool is_made(enum world_role role)
{
	return role == WORLD_BOOT_INFO || role == WORLD_SINFO || role == WORLD_SCHEDULE ||
	       role == WORLD_TIMED_EVENT;
}

static int read_content(const struct making *making, const struct request *request,
			struct world_region *region, struct error *err)
{
	const struct xml_node *content = request->content, *source;
	struct xml_node *file, *fill;

	if (is_channel(region->role))
		region->content = REGION_FILL;
	if (is_channel(region->role) || is_made(region->role))
		return 0;
	file = xml_first(content, "file");
	fill = xml_first(content, "fill");
	if (!file && !fill) {
		source = reset_source(making, content);
		file = source ? xml_first(source, "file") : NULL;
		fill = source ? xml_first(source, "fill") : NULL;
	}
	if (file)
		return read_file(making, request, file, region, err);
	return fill ? read_fill(fill, region, err) : 0;
}

/* ---- regions ------------------------------------------------------------- */

static int add_region(const struct making *making, const struct request *request, struct error *err)
{
	cleanup_free char *origin = origin_of(request->origin);
	struct world_region *region = world_add(making->world, role_of(making, request),
						request->logical, request->address, request->size,
						request->writable, request->executable, origin);

	region->physical = xstrdup(request->physical);
	return read_content(making, request, region, err);
}

/* In the source forms these are not in the policy: Muen's expander adds them to every subject. */
static void add_expanded(const struct making *making)
{
	static const struct {
		enum world_role role;
		const char *logical;
		uint64_t address, size;
		bool writable, own;
	} pages[] = {
		{ WORLD_SINFO, "sinfo", MUEN_SINFO, MUEN_SINFO_SIZE, false, true },
		{ WORLD_SCHEDULE, "scheduling_info", MUEN_SCHEDULE_INFO, MUEN_PAGE, false, false },
		{ WORLD_TIMED_EVENT, "timed_event", MUEN_TIMED_EVENT, MUEN_PAGE, true, true },
	};
	cleanup_free char *origin = origin_of(making->subject);

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct world_region *region;

		if (world_region_of(making->world, pages[i].role))
			continue;
		region = world_add(making->world, pages[i].role, pages[i].logical, pages[i].address,
				   pages[i].size, pages[i].writable, false, origin);
		if (pages[i].own)
			region->physical =
				xasprintf("%s|%s", making->world->name, pages[i].logical);
	}
}

static int add_regions(const struct making *making, struct error *err)
{
	for (size_t i = 0; i < making->requests.count; i++)
		if (add_region(making, &making->requests.list[i], err) < 0)
			return -1;
	if (xml_first(making->subject, "component"))
		add_expanded(making);
	return 0;
}

/* ---- the unikernel's file ------------------------------------------------ */

/* The file that the image's executable region comes from. */
static int find_image(struct making *making, const struct xml_node **file, struct error *err)
{
	*file = NULL;
	for (size_t i = 0; i < making->requests.count && !*file; i++) {
		const struct request *request = &making->requests.list[i];

		if (is_image(request) && request->executable && request->content)
			*file = xml_first(request->content, "file");
	}
	if (*file)
		return xml_need(*file, "filename", &making->unikernel, err);
	return xml_fail(making->subject, err, "has no executable memory region with a file");
}

static int read_unikernel(struct making *making, const struct policy_file *given,
			  struct unikernel *unikernel, struct bytes *bytes, struct error *err)
{
	const char *path = making->world->unikernel;
	const unsigned char *data = given ? given->bytes : NULL;

	making->unikernel_size = given ? given->size : 0;
	if (!data) {
		if (file_read(path, ELF_FILE_MAX, 0, bytes, err) < 0)
			return -1;
		data = bytes->data;
		making->unikernel_size = bytes->size;
	}
	if (unikernel_parse(unikernel, data, making->unikernel_size, err) < 0)
		return err_within(err, "%s", path);
	if (unikernel->target == SOLO5_MUEN)
		return 0;
	err_fail(err, ERR_INPUT, "%s: is a unikernel for %s, the policy's must be for muen", path,
		 solo5_target_name(unikernel->target));
	return err_mend(err, "build it for Muen: mirage configure -t muen, then make");
}

static int use_unikernel(struct making *making, struct error *err)
{
	cleanup_unikernel struct unikernel unikernel = { 0 };
	cleanup_bytes struct bytes bytes = { 0 };
	const struct policy_file *given = NULL;
	const struct xml_node *file;
	const char *chosen = making->policy->source.unikernel;

	if (find_image(making, &file, err) < 0)
		return -1;
	if (chosen)
		making->world->unikernel = xstrdup(chosen);
	else
		making->world->unikernel =
			policy_find_file(making->policy, making->unikernel, &given);
	if (!making->world->unikernel)
		return fail_no_file(making, file, making->unikernel, err);
	if (read_unikernel(making, given, &unikernel, &bytes, err) < 0)
		return -1;
	/* Code without such a constant does not look at the subject info. */
	making->world->sinfo_revision =
		unikernel.sinfo_revision ? unikernel.sinfo_revision : SINFO_REVISION_MAX;
	return 0;
}

/* ---- registers, events, boot parameters ---------------------------------- */

/* The subject's own value comes before its component's. */
static int read_register(const struct making *making, const char *name, uint64_t *value,
			 struct error *err)
{
	cleanup_free char *path = xasprintf("vcpu/registers/gpr/%s", name);
	cleanup_free char *required = xasprintf("requires/%s", path);
	struct xml_node *component = policy_component(making->policy, making->subject);
	struct xml_node *node = xml_path(making->subject, path);
	cleanup_free char *text = NULL;

	if (!node && component)
		node = xml_path(component, required);
	if (!node)
		return xml_fail(making->subject, err, "the register %s is not given", name);
	text = xml_text(node);
	if (ada_number(text, value) == 0)
		return 0;
	return xml_fail(node, err, "is '%.40s', a number was expected", text);
}

/* muinit jumps to the begin of the text once it has filled the memory. */
static int find_entry(const struct making *making, struct error *err)
{
	const struct request *muinit = request_named(&making->requests, "muinit");
	const struct request *text = request_named(&making->requests, "text");

	if (!muinit || !muinit->executable)
		return read_register(making, "rip", &making->world->entry, err);
	if (!text || !text->executable)
		return xml_fail(making->subject, err,
				"has no executable region 'text', which muinit would start");
	if (text->writable)
		return xml_fail(text->node, err,
				"is writable: muinit starts no such region, and the subject stops");
	making->world->entry = text->address;
	return 0;
}

static int read_exit_event(const struct making *making, struct error *err)
{
	struct xml_node *source = xml_path(making->subject, "events/source");
	struct xml_node *group = source ? xml_find(source, "group", "name", "vmcall") : NULL;
	struct xml_node *event = group ? xml_find(group, "event", "logical", "solo5_exit") : NULL;
	uint64_t id;

	making->world->exit_event = -1;
	if (!event)
		return 0;
	if (xml_need_number(event, "id", &id, err) < 0)
		return -1;
	if (id > UINT8_MAX)
		return xml_fail(event, err, "the id is above %d", UINT8_MAX);
	making->world->exit_event = (int)id;
	return 0;
}

/* Muen's expander joins several by blanks. */
static void read_bootparams(const struct making *making)
{
	cleanup_buffer struct buffer joined = { 0 };

	buffer_add_text(&joined, "");
	xml_each (node, making->subject, "bootparams") {
		cleanup_free char *text = xml_text(node);

		buffer_printf(&joined, "%s%s", joined.length ? " " : "", text);
	}
	free(making->world->bootparams);
	making->world->bootparams = steal(joined.data);
}

/* ---- all of it ----------------------------------------------------------- */

static int fail_no_subject(const struct policy *policy, const char *subject, struct error *err)
{
	cleanup_buffer struct buffer names = { 0 };
	const char *file = policy->source.path;

	for (size_t i = 0; i < policy->unikernel_count; i++)
		buffer_printf(&names, "%s%s", i ? ", " : "", policy->unikernels[i]);
	if (policy_section_named(policy, "subjects", "subject", subject))
		err_fail(err, ERR_INPUT, "%s: the subject '%s' is no unikernel", file, subject);
	else
		err_fail(err, ERR_INPUT, "%s: there is no subject '%s'", file, subject);
	if (!names.length)
		return err_mend(err, "none of the policy's subjects has a Solo5 boot info page; a "
				     "component that is not in it is looked for in "
				     "component_NAME.xml beside it, or where -I says");
	return err_mend(err, "its unikernels are: %s", names.data);
}

static bool is_listed(const struct policy *policy, const char *subject)
{
	for (size_t i = 0; i < policy->unikernel_count; i++)
		if (!strcmp(policy->unikernels[i], subject))
			return true;
	return false;
}

static int make(struct making *making, struct error *err)
{
	struct subject_world *world = making->world;

	if (requests_collect(making->policy, making->subject, &making->requests, err) < 0 ||
	    use_unikernel(making, err) < 0 || find_entry(making, err) < 0 ||
	    read_register(making, "rsp", &world->stack, err) < 0 ||
	    read_register(making, "rdi", &world->boot_info, err) < 0 ||
	    read_exit_event(making, err) < 0)
		return -1;
	read_bootparams(making);
	if (add_regions(making, err) < 0)
		return -1;
	if (world_settle(world, err) < 0) {
		cleanup_free char *origin = origin_of(making->subject);

		return err_within(err, "%s", origin);
	}
	return 0;
}

struct subject_world *policy_world(const struct policy *policy, const char *subject,
				   struct error *err)
{
	cleanup_world struct subject_world *world = world_new();
	struct making making = { .policy = policy, .world = world };
	int result;

	if (!is_listed(policy, subject)) {
		fail_no_subject(policy, subject, err);
		return NULL;
	}
	making.subject = policy_section_named(policy, "subjects", "subject", subject);
	free(world->name);
	world->name = xstrdup(subject);
	result = make(&making, err);
	requests_free(&making.requests);
	return result < 0 ? NULL : steal(world);
}

#include "policy/world_requests.h"

#include "base/alloc.h"

#include <string.h>

#define CHANNEL_TYPE "subject_channel"

/* Where Muen's allocator of virtual resources puts what has no address. */
#define AUTO_FIRST 0x100000000ull
#define AUTO_END 0x800000000ull

/* One subject on its way. */
struct collection {
	const struct policy *policy;
	const struct xml_node *subject;
	const struct xml_node *reference; /* to its component, with the maps; or NULL */
	struct requests *requests;
};

/* ---- requests ------------------------------------------------------------ */

const struct request *request_named(const struct requests *requests, const char *logical)
{
	for (size_t i = 0; i < requests->count; i++)
		if (!strcmp(requests->list[i].logical, logical))
			return &requests->list[i];
	return NULL;
}

/* What a mapping's element says itself: logical name, rights, address. */
static int read_mapping(const struct xml_node *node, struct request *request, struct error *err)
{
	const char *address = xml_get(node, "virtualAddress"), *element = xml_name(node);

	request->node = request->origin = node;
	if (xml_need(node, "logical", &request->logical, err) < 0)
		return -1;
	if (!strcmp(element, "memory")) {
		if (xml_need_bool(node, "writable", &request->writable, err) < 0 ||
		    xml_need_bool(node, "executable", &request->executable, err) < 0)
			return -1;
	} else {
		request->writable = !strcmp(element, "writer");
		request->type = CHANNEL_TYPE;
	}
	request->placed = address && strcmp(address, "auto") != 0;
	if (!request->placed)
		return 0;
	return xml_need_number(node, "virtualAddress", &request->address, err);
}

static int add_request(const struct collection *collection, const struct request *request,
		       struct error *err)
{
	struct requests *requests = collection->requests;
	const struct request *other = request_named(requests, request->logical);
	const char *subject = xml_get(collection->subject, "name");

	if (other) {
		xml_fail(request->node, err, "subject '%s' has another '%s', of %s:%u", subject,
			 request->logical, xml_file(other->node), xml_line(other->node));
		return err_mend(err, "give each resource of a subject a name of its own");
	}
	if (requests->count == WORLD_REGIONS_MAX)
		return xml_fail(request->node, err, "subject '%s' has more than %d memory regions",
				subject, WORLD_REGIONS_MAX);
	requests->list[requests->count++] = *request;
	return 0;
}

void requests_free(struct requests *requests)
{
	for (size_t i = 0; i < requests->count; i++)
		free(requests->list[i].physical);
	requests->count = 0;
}

/* ---- physical resources -------------------------------------------------- */

static struct xml_node *find_physical(const struct collection *collection,
				      const struct request *request, const char *name)
{
	const struct policy *policy = collection->policy;

	/* Muen's expander makes memory of channels; before, they have a section of their own. */
	if (request->type && strcmp(xml_name(request->node), "memory") != 0)
		return policy_section_named(policy, "channels", "channel", name);
	return policy_section_named(policy, "memory", "memory", name);
}

/* `by` is the element that names the physical resource. */
static int use_physical(const struct collection *collection, struct request *request,
			const struct xml_node *by, struct error *err)
{
	const struct xml_node *physical;
	const char *name, *type;

	if (xml_need(by, "physical", &name, err) < 0)
		return -1;
	physical = find_physical(collection, request, name);
	if (!physical) {
		xml_fail(by, err, "subject '%s' maps '%s', but the policy has no %s of that name",
			 xml_get(collection->subject, "name"), name,
			 request->type ? "channel" : "memory region");
		return err_mend(err, "name one that the policy declares, or declare it");
	}
	type = xml_get(physical, "type");
	if (!request->type)
		request->type = type ? type : "subject";
	request->content = physical;
	request->physical = xstrdup(name);
	return xml_need_number(physical, "size", &request->size, err);
}

static int finish(const struct collection *collection, struct request *request, int result,
		  struct error *err)
{
	if (result == 0)
		result = add_request(collection, request, err);
	if (result < 0)
		free(request->physical);
	return result;
}

/* ---- the subject's own mappings ------------------------------------------ */

static int add_own(const struct collection *collection, const char *section, struct error *err)
{
	struct xml_node *parent = xml_first(collection->subject, section);

	if (!parent)
		return 0;
	xml_each (node, parent, NULL) {
		struct request request = { 0 };
		int result = read_mapping(node, &request, err);

		if (result == 0)
			result = use_physical(collection, &request, node, err);
		if (finish(collection, &request, result, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- components and libraries -------------------------------------------- */

static int add_provided(const struct collection *collection, const struct xml_node *component,
			const struct xml_node *library, struct error *err)
{
	struct xml_node *provides = xml_first(component, "provides");
	const char *subject = xml_get(collection->subject, "name");

	if (!provides)
		return 0;
	xml_each (node, provides, "memory") {
		struct request request = { 0 };
		int result = read_mapping(node, &request, err);

		if (result == 0) {
			request.type = xml_get(node, "type");
			request.type = request.type ? request.type : "subject";
			request.content = node;
			request.origin = library ? library : node;
			request.physical = xasprintf("%s|%s", subject, request.logical);
			result = xml_need_number(node, "size", &request.size, err);
		}
		if (finish(collection, &request, result, err) < 0)
			return -1;
	}
	return 0;
}

/* The subject's map for a required resource; more than one is refused, as Muen does. */
static int find_map(const struct collection *collection, const struct request *request,
		    const struct xml_node **map, struct error *err)
{
	const char *what = request->type ? "channel" : "memory region";

	*map = NULL;
	xml_each (node, collection->reference, "map") {
		const char *logical = xml_get(node, "logical");

		if (!logical || strcmp(logical, request->logical) != 0)
			continue;
		if (*map)
			return xml_fail(node, err, "'%s' is mapped at line %u already", logical,
					xml_line(*map));
		*map = node;
	}
	if (*map)
		return 0;
	xml_fail(collection->reference, err,
		 "subject '%s' does not map the %s '%s', which its component requires (%s:%u)",
		 xml_get(collection->subject, "name"), what, request->logical,
		 xml_file(request->node), xml_line(request->node));
	return err_mend(err, "add <map logical=\"%s\" physical=\"...\"/>", request->logical);
}

static int check_size(const struct request *request, const struct xml_node *map, struct error *err)
{
	char wanted[ADA_HEX_MAX], found[ADA_HEX_MAX];
	uint64_t size;

	if (xml_need_number(request->node, "size", &size, err) < 0)
		return -1;
	if (size == request->size)
		return 0;
	xml_fail(map, err, "%s '%s' has %s bytes (%s:%u), the component wants %s for '%s' (%s:%u)",
		 strcmp(request->type, CHANNEL_TYPE) != 0 ? "memory region" : "channel",
		 request->physical, ada_hex(request->size, found), xml_file(request->content),
		 xml_line(request->content), ada_hex(size, wanted), request->logical,
		 xml_file(request->node), xml_line(request->node));
	return err_mend(err, "give both the same size");
}

static int require(const struct collection *collection, const struct xml_node *node,
		   const struct xml_node *library, struct error *err)
{
	struct request request = { 0 };
	const struct xml_node *map = NULL;
	int result = read_mapping(node, &request, err);

	if (result == 0)
		result = find_map(collection, &request, &map, err);
	if (result == 0)
		result = use_physical(collection, &request, map, err);
	if (result == 0)
		result = check_size(&request, map, err);
	if (library)
		request.origin = map;
	return finish(collection, &request, result, err);
}

static int add_required(const struct collection *collection, const struct xml_node *component,
			const struct xml_node *library, struct error *err)
{
	static const char *const paths[] = { "requires/memory", "requires/channels" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct xml_node *parent = xml_path(component, paths[i]);

		if (!parent)
			continue;
		xml_each (node, parent, NULL) {
			if (!strcmp(xml_name(node), "array")) {
				xml_fail(node, err, "arrays are not evaluated here");
				return err_mend(err, "name the policy as Muen's mucfgexpand writes "
						     "it, which has them resolved");
			}
			if (require(collection, node, library, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int add_component(const struct collection *collection, struct error *err)
{
	struct policy_library libraries[POLICY_LIBRARIES_MAX];
	const struct xml_node *component =
		policy_component(collection->policy, collection->subject);
	size_t count = policy_libraries(collection->policy, component, libraries);

	if (add_provided(collection, component, NULL, err) < 0 ||
	    add_required(collection, component, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (add_provided(collection, libraries[i].library, libraries[i].reference, err) <
			    0 ||
		    add_required(collection, libraries[i].library, libraries[i].reference, err) < 0)
			return -1;
	return 0;
}

/* ---- places -------------------------------------------------------------- */

static const struct request *overlapping(const struct requests *requests, uint64_t address,
					 uint64_t size)
{
	for (size_t i = 0; i < requests->count; i++) {
		const struct request *other = &requests->list[i];

		if (other->placed && other->size <= MUEN_ADDRESS_END &&
		    other->address <= MUEN_ADDRESS_END && address < other->address + other->size &&
		    other->address < address + size)
			return other;
	}
	return NULL;
}

/* First fit, in the order of the component. */
static int place(const struct requests *requests, struct request *request, struct error *err)
{
	const struct request *other;
	uint64_t address = AUTO_FIRST;

	while (request->size <= AUTO_END && address <= AUTO_END - request->size) {
		other = overlapping(requests, address, request->size);
		if (!other) {
			request->address = address;
			request->placed = true;
			return 0;
		}
		address = muen_page_up(other->address + other->size);
	}
	return xml_fail(request->node, err, "there is no room for it in the address space");
}

int requests_collect(const struct policy *policy, const struct xml_node *subject,
		     struct requests *requests, struct error *err)
{
	struct collection collection = { .policy = policy,
					 .subject = subject,
					 .reference = xml_first(subject, "component"),
					 .requests = requests };

	if (policy_component(policy, subject) && add_component(&collection, err) < 0)
		return -1;
	if (add_own(&collection, "memory", err) < 0 || add_own(&collection, "channels", err) < 0)
		return -1;
	for (size_t i = 0; i < requests->count; i++)
		if (!requests->list[i].placed && place(requests, &requests->list[i], err) < 0)
			return -1;
	return 0;
}

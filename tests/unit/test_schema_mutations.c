/* Our schemas against Muen's own: a document of Muen's tools is changed at one place at a time, and
 * what Muen's schema refuses ours must refuse too. The other way round there are few exceptions,
 * listed here. */
#include "tests/unit/support.h"

#include "base/alloc.h"
#include "xml/xml.h"

#include <string.h>

#define count_of(array) (sizeof(array) / sizeof((array)[0]))

/* ---- documents ----------------------------------------------------------- */

/* What has been seen of a document: parent, element and attributes, one string for each. */
struct seen {
	char **list;
	size_t count;
};

/* Attributes that an element may have or not. */
static const char optional_attributes[] =
	"alignment elementSize event eventBase hasEvent id physicalAddress size type vector "
	"vectorBase virtualAddress virtualAddressBase";

static char *signature_of(const struct xml_node *node)
{
	cleanup_free char *names = xstrdup(optional_attributes);
	char *rest = names, *name;
	struct buffer text = { 0 };

	if (xml_parent(node))
		buffer_printf(&text, "%s/", xml_name(xml_parent(node)));
	buffer_add_text(&text, xml_name(node));
	while ((name = strsep(&rest, " ")))
		if (xml_get(node, name))
			buffer_printf(&text, " %s", name);
	return text.data;
}

static bool is_new(struct seen *seen, const char *signature)
{
	for (size_t i = 0; i < seen->count; i++)
		if (!strcmp(seen->list[i], signature))
			return false;
	array_grow(seen->list, seen->count);
	seen->list[seen->count++] = xstrdup(signature);
	return true;
}

static void forget(struct seen *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		free(seen->list[i]);
	free(seen->list);
}

/* Whether the schema wants the element where it is. */
static bool is_mandatory(const struct xml_node *node)
{
	static const char *const names[] = { "events", "devices", "component", "sibling" };
	const struct xml_node *parent = xml_parent(node);

	for (size_t i = 0; i < count_of(names); i++)
		if (!strcmp(xml_name(node), names[i]))
			return true;
	return !parent || (xml_first(parent, NULL) == node && !xml_next(node, NULL));
}

/* Removes the elements that, with all they hold, show nothing new. Returns whether this one does.
 */
static bool reduce(struct seen *seen, struct xml_node *node)
{
	cleanup_free char *signature = signature_of(node);
	struct xml_node *next;
	bool has_new = is_new(seen, signature);

	for (struct xml_node *child = xml_first(node, NULL); child; child = next) {
		next = xml_next(child, NULL);
		if (reduce(seen, child))
			has_new = true;
		else if (!is_mandatory(child))
			xml_remove(child);
	}
	return has_new;
}

/* Component specifications have documents of their own here: a system keeps two short ones. */
static void drop_components(struct xml_node *root)
{
	struct xml_node *components = xml_first(root, "components");
	struct xml_node *next;

	if (!components)
		return;
	for (struct xml_node *child = xml_first(components, NULL); child; child = next) {
		next = xml_next(child, NULL);
		xml_remove(child);
	}
	xml_set(xml_add(components, "library"), "name", "l");
	xml_set(xml_add(components, "component"), "name", "c");
	xml_set(xml_first(components, "component"), "profile", "native");
}

/* Reduces a document to one example of each kind. */
static struct xml_document *reduced(struct xml_document *document)
{
	struct seen seen = { 0 };

	drop_components(xml_root(document));
	reduce(&seen, xml_root(document));
	forget(&seen);
	return document;
}

/* The element behind this one in document order, inside root. */
static struct xml_node *following(const struct xml_node *node, const struct xml_node *root)
{
	struct xml_node *child = xml_first(node, NULL);

	while (!child && node != root) {
		child = xml_next(node, NULL);
		node = xml_parent(node);
	}
	return child;
}

/* Whether the element is a part of a system that our schemas know nothing of. */
static bool is_foreign(const struct xml_node *node)
{
	const struct xml_node *parent = xml_parent(node);

	return parent && !xml_parent(parent) &&
	       (!strcmp(xml_name(node), "hardware") || !strcmp(xml_name(node), "platform"));
}

/* ---- the two judges ------------------------------------------------------ */

struct judges {
	struct xml_schema *ours;
	struct xml_schema *muens;
	const struct xml_document *base;
	struct seen done; /* kinds of elements, attributes and texts that were changed */
	size_t mutations, refused;
	size_t stricter; /* refused by ours alone */
};

/* Our system policies are those before hardware and platform are added. */
static bool ours_accepts(const struct judges *judges, const struct xml_document *document)
{
	cleanup_buffer struct buffer text = { 0 };
	cleanup_xml struct xml_document *view = NULL;
	struct xml_node *next;
	struct error err;

	xml_write(document, &text);
	view = xml_parse("view", text.data, text.length, &err);
	ck_assert_ptr_nonnull(view);
	for (struct xml_node *part = xml_first(xml_root(view), NULL); part; part = next) {
		next = xml_next(part, NULL);
		if (is_foreign(part))
			xml_remove(part);
	}
	if (xml_validate(view, judges->ours, &err) == 0)
		return true;
	/* Every message has a place and words of ours. */
	ck_assert_msg(!strncmp(err.message, "view:", 5) && !strstr(err.message, ":0: ") &&
			      !strstr(err.message, "interleave"),
		      "%s", err.message);
	return false;
}

/* Where ours is meant to be stricter or more lenient than Muen's. */
static bool is_exception(const struct xml_node *node, const char *change, bool ours)
{
	const char *parent = xml_parent(node) ? xml_name(xml_parent(node)) : "";
	static const char *const configs[] = { "boolean", "integer", "string" };

	for (size_t i = 0; i < count_of(configs); i++) {
		if (strcmp(xml_name(node), configs[i]) != 0)
			continue;
		/* Muen's schema does without a configuration value's name and value. */
		if (!ours && !strncmp(change, "without ", 8))
			return true;
		/* Merging puts configuration values in order. */
		if (ours && !strcmp(change, "swap"))
			return true;
	}
	/* A template has no components yet. */
	return ours && !strcmp(parent, "components") && !strcmp(change, "remove");
}

/* Judges the changed document; `node` is the element of the base that the change is about. */
static void judge(struct judges *judges, const struct xml_document *changed,
		  const struct xml_node *node, const char *change)
{
	struct error err = { 0 };
	bool muens = xml_validate(changed, judges->muens, &err) == 0;
	bool ours = ours_accepts(judges, changed);

	judges->mutations++;
	judges->refused += !muens;
	if (muens == ours)
		return;
	if (is_exception(node, change, ours)) {
		judges->stricter += !ours;
		return;
	}
	ck_abort_msg("%s:%u: <%s>, %s: %s accepts it, the other does not (%s)", xml_file(node),
		     xml_line(node), xml_name(node), change, ours ? "ours" : "Muen's", err.message);
}

/* ---- changes ------------------------------------------------------------- */

/* A copy of the base, and in it the element that corresponds to `node`. */
static struct xml_document *copy_base(const struct judges *judges, const struct xml_node *node,
				      struct xml_node **copy)
{
	struct xml_node *root = xml_root(judges->base);
	cleanup_buffer struct buffer text = { 0 };
	struct xml_document *document;
	struct error err;

	xml_write(judges->base, &text);
	document = xml_parse("copy", text.data, text.length, &err);
	*copy = xml_root(document);
	for (struct xml_node *at = root; at != node; at = following(at, root))
		*copy = following(*copy, xml_root(document));
	return document;
}

/* What tells one change from others that would show the same. */
static char *kind_of(const struct xml_node *node, const char *change)
{
	const struct xml_node *parent = xml_parent(node), *next = xml_next(node, NULL);

	return xasprintf("%s/%s/%s/%s", parent ? xml_name(parent) : "", xml_name(node),
			 next && !strcmp(change, "swap") ? xml_name(next) : "", change);
}

static void add_double(struct xml_node *node)
{
	xml_add_copy_before(node, node);
}

static void swap(struct xml_node *node)
{
	struct xml_node *next = xml_next(node, NULL);

	if (!next || is_foreign(next))
		return;
	xml_add_copy_before(node, next);
	xml_remove(next);
}

static void rename_it(struct xml_node *node)
{
	xml_add_before(node, "renamed");
	xml_remove(node);
}

static void add_unknown_child(struct xml_node *node)
{
	xml_add(node, "unknown");
}

static void add_unknown_attribute(struct xml_node *node)
{
	xml_set(node, "unknown", "1");
}

static void add_text(struct xml_node *node)
{
	xml_set_text(node, "hello");
}

static const struct {
	const char *name;
	void (*apply)(struct xml_node *node);
	bool root_too;
} structural[] = {
	{ "remove", xml_remove, false },
	{ "double", add_double, false },
	{ "swap", swap, false },
	{ "rename", rename_it, false },
	{ "unknown child", add_unknown_child, true },
	{ "unknown attribute", add_unknown_attribute, true },
	{ "text", add_text, true },
};

static void change_structure(struct judges *judges, const struct xml_node *node)
{
	for (size_t i = 0; i < count_of(structural); i++) {
		cleanup_free char *kind = kind_of(node, structural[i].name);
		cleanup_xml struct xml_document *document = NULL;
		struct xml_node *copy;

		if ((!xml_parent(node) && !structural[i].root_too) || !is_new(&judges->done, kind))
			continue;
		document = copy_base(judges, node, &copy);
		structural[i].apply(copy);
		judge(judges, document, node, structural[i].name);
	}
}

#define SIXTEEN "abcdefghijklmnop"
#define NAME_63 SIXTEEN SIXTEEN SIXTEEN "abcdefghijklmno"

/* Values for attributes and texts, separated by bars. */
static const char value_list[] =
	"|x|" NAME_63 "|" NAME_63 "p|"
	"0|1|7|8|63|64|220|221|255|256|-1|1.5| 5 |true|True|none|auto|16##|16#1#|16#12#|"
	"16#2f#|16#123#|16#1234#|16#2000#|0x1000|16#C000_1fff#|16#c000_2000#|"
	"16#0020_0000#|16#0020_000#|16#00200000#|16#0000_0000_0000_0000#|"
	"16#0000_0000_0000_0000_0000#| 16#1000#|16#1000# |16#g000#|WB|wb|rw|native|linux|"
	"subject|subject_state|system_pt|kernel_microcode|kernel|self|ipi|vmcall|vmx_exit";

static const char attribute_names[] =
	"access alignment base bus caching cpu device elementSize end event eventBase executable "
	"filename function hasEvent id limit logical memory mode name number offset partition "
	"pattern physical profile ref selector size start subject tickRate ticks type value "
	"vector vectorBase writable physicalAddress virtualAddress virtualAddressBase "
	"mapReservedMemory virtualAddressOffset";

static void change_value(struct judges *judges, const struct xml_node *node, const char *attribute)
{
	const char *old = xml_get(node, attribute);
	cleanup_free char *without = xasprintf("without %s", attribute);
	cleanup_free char *kind = kind_of(node, attribute);
	cleanup_free char *values = xstrdup(value_list);
	char *rest = values, *value;
	cleanup_xml struct xml_document *document = NULL;
	struct xml_node *copy;

	if (!old || !is_new(&judges->done, kind))
		return;
	document = copy_base(judges, node, &copy);
	xml_unset(copy, attribute);
	judge(judges, document, node, without);
	while ((value = strsep(&rest, "|"))) {
		cleanup_free char *change = xasprintf("%s=%s", attribute, value);

		xml_set(copy, attribute, value);
		judge(judges, document, node, change);
	}
}

static void change_values(struct judges *judges, const struct xml_node *node)
{
	cleanup_free char *names = xstrdup(attribute_names);
	char *rest = names, *name;

	while ((name = strsep(&rest, " ")))
		change_value(judges, node, name);
}

static void change_text(struct judges *judges, const struct xml_node *node)
{
	cleanup_free char *old = xml_text(node);
	cleanup_free char *kind = kind_of(node, "values");
	cleanup_free char *values = xstrdup(value_list);
	cleanup_xml struct xml_document *document = NULL;
	char *rest = values, *value;
	struct xml_node *copy;

	if (!*old || !is_new(&judges->done, kind))
		return;
	document = copy_base(judges, node, &copy);
	while ((value = strsep(&rest, "|"))) {
		cleanup_free char *change = xasprintf("text %s", value);

		xml_set_text(copy, value);
		judge(judges, document, node, change);
	}
}

#define COMPONENTS "golden/demo_system_vtd-qemu-kvm/05-components/"

/* What no component of the demo system has. */
static const char whole_vcpu[] =
	"<component name='c' profile='vm'><requires><vcpu><vmx><controls>"
	"<pin><ExternalInterruptExiting>1</ExternalInterruptExiting></pin>"
	"<proc><HLTExiting>1</HLTExiting><UseMSRBitmaps>1</UseMSRBitmaps></proc>"
	"<proc2><EnableEPT>1</EnableEPT><UnrestrictedGuest>0</UnrestrictedGuest></proc2>"
	"<entry><IA32eModeGuest>1</IA32eModeGuest></entry>"
	"<exit><SaveDebugControls>1</SaveDebugControls></exit></controls><masks>"
	"<exception><Debug>0</Debug></exception><cr0><TaskSwitched>0</TaskSwitched></cr0>"
	"<cr4><SMXEnable>1</SMXEnable></cr4></masks></vmx><msrs/><registers>"
	"<gpr><rax>16#0000#</rax><r15>16#0000#</r15></gpr><cr0><Paging>1</Paging></cr0>"
	"<cr0Shadow><NumericError>1</NumericError></cr0Shadow><cr4><SMEPEnable>1</SMEPEnable></cr4>"
	"<cr4Shadow><VMXEnable>1</VMXEnable></cr4Shadow><segments>"
	"<cs access='16#a09b#' base='16#0000#' limit='16#ffff_ffff#' selector='16#0008#'/>"
	"<ldtr access='16#0001_0000#' base='16#0000#' limit='16#0000#' selector='16#0000#'/>"
	"</segments></registers></vcpu></requires></component>";

static const struct {
	const char *ours;
	const char *muens;	  /* below the shared folder, like the documents */
	const char *documents[7]; /* NULL-ended */
	const char *text;	  /* one more document, or NULL */
} families[] = {
	{ "schema/component.rng",
	  "muen/schema-composed/component.xsd",
	  { "golden/mirage-solo5-net-reset/01-component_unikernel.xml",
	    COMPONENTS "cspec_ahci_drv.xml", COMPONENTS "cspec_dbgserver.xml",
	    COMPONENTS "cspec_controller.xml", COMPONENTS "cspec_vt.xml",
	    COMPONENTS "cspec_libmudm.xml" },
	  whole_vcpu },
	{ "schema/system_config.rng",
	  "muen/schema/system_config.xsd",
	  { "golden/demo_system_vtd-qemu-kvm/03-system_config.xml" },
	  NULL },
	{ "schema/system.rng",
	  "muen/schema-composed/system_src.xsd",
	  { "golden/demo_system_vtd-qemu-kvm/09-filtered.xml" },
	  NULL },
};

static struct xml_schema *read_schema(const char *path)
{
	struct error err = { 0 };
	struct xml_schema *schema = xml_schema_read(path, &err);

	ck_assert_msg(schema != NULL, "%s", err.message);
	return schema;
}

static void judge_changes(struct judges *judges)
{
	const struct xml_node *root = xml_root(judges->base);
	struct error err;

	ck_assert_msg(xml_validate(judges->base, judges->muens, &err) == 0, "%s", err.message);
	ck_assert(ours_accepts(judges, judges->base));
	for (struct xml_node *node = xml_root(judges->base); node; node = following(node, root)) {
		while (is_foreign(node))
			node = xml_next(node, NULL);
		change_structure(judges, node);
		change_values(judges, node);
		if (!xml_first(node, NULL))
			change_text(judges, node);
	}
}

static void conclude(struct judges *judges, const char *name)
{
	printf("# %s: %zu changes, Muen's schema refuses %zu, ours %zu more\n", name,
	       judges->mutations, judges->refused, judges->stricter);
	ck_assert_uint_gt(judges->refused, 10);
	ck_assert_uint_lt(judges->refused, judges->mutations);
	forget(&judges->done);
	xml_schema_free(judges->ours);
	xml_schema_free(judges->muens);
}

static void judge_document(struct judges *judges, struct xml_document *document,
			   const struct error *err)
{
	ck_assert_msg(document != NULL, "%s", err->message);
	judges->base = reduced(document);
	judge_changes(judges);
	xml_free(document);
}

START_TEST(what_muens_schema_refuses_ours_refuses)
{
	const char *text = families[_i].text;
	struct judges judges = { 0 };
	struct error err = { 0 };

	if (!shared_path(families[_i].muens)) {
		printf("# SKIP %s is not there\n", families[_i].muens);
		return;
	}
	judges.muens = read_schema(shared_path(families[_i].muens));
	judges.ours = read_schema(families[_i].ours);
	for (const char *const *document = families[_i].documents; *document; document++) {
		const char *path = shared_path(*document);

		ck_assert_msg(path != NULL, "%s is not there", *document);
		judge_document(&judges, xml_read(path, &err), &err);
	}
	if (text)
		judge_document(&judges, xml_parse("text", text, strlen(text), &err), &err);
	conclude(&judges, families[_i].ours);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema_mutations");
	TCase *tests = tcase_create("schemas");

	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, what_muens_schema_refuses_ours_refuses, 0,
			    (int)count_of(families));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}

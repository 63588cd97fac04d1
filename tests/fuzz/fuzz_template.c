/* A fixed component is composed into any bytes, or they are refused with a whole message; what was
 * composed holds the component and maps its channels. */
#include "policy/template.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static const char specification[] =
	"<component name='unikernel' profile='native'><config>"
	"<boolean name='resettable' value='true'/><string name='bootparams' value='a b'/></config>"
	"<depends><library ref='libmudebuglog'/><library ref='libmutime'/>"
	"<library ref='muinit'/></depends>"
	"<requires><channels>"
	"<reader logical='net|in' virtualAddress='16#2020_d000#' size='16#0010_0000#'/>"
	"<writer logical='net|out' virtualAddress='16#2030_d000#' size='16#0010_0000#'/>"
	"</channels></requires></component>";

static void check(const struct xml_document *document, const struct unikernel_request *request)
{
	struct xml_node *root = xml_root(document);
	struct xml_node *components = xml_first(root, "components"), *subject, *maps;
	cleanup_xml struct xml_document *fragment = NULL, *channels = NULL;
	struct error err = { 0 };

	demand(xml_find(components, "component", "name", "unikernel"), "the component");
	subject = xml_find(xml_first(root, "subjects"), "subject", "name", request->subject);
	demand(subject != NULL, "the subject");
	fragment = template_subject(document, request, &err);
	demand(fragment != NULL, "the subject on its own");
	channels = template_channels(document, request);
	demand(channels != NULL, "the channels on their own");
	maps = xml_first(subject, "component");
	/* A name that two subjects have may lead to the other one, which refers elsewhere. */
	if (maps && xml_get(maps, "ref") && !strcmp(xml_get(maps, "ref"), "unikernel"))
		demand(xml_find(maps, "map", "logical", "net|in") &&
			       xml_find(maps, "map", "logical", "net|out"),
		       "the maps");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_component struct component *component = NULL;
	cleanup_findings struct findings findings = { 0 };
	cleanup_xml struct xml_document *document = NULL;
	struct unikernel_request request = { .cpu = -1 };
	struct composition composition = { .unikernels = &request, .unikernel_count = 1 };
	struct error err = { 0 };

	document = xml_parse("fuzz", (const char *)data, size, &err);
	if (!document)
		return 0;
	component = component_parse("component", specification, strlen(specification), &err);
	demand(component != NULL, "the component can be read");
	request.component = component;
	request.subject = component->name;
	if (template_compose(document, &composition, &request, &findings, &err) == 0)
		check(document, &request);
	else
		demand((err.kind == ERR_INPUT || err.kind == ERR_USAGE) && *err.message,
		       "the error");
	return 0;
}

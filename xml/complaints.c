#include "xml/internal.h"

#include "base/text.h"

#include <libxml/globals.h>

/* The line of the element that an error is about. libxml2 keeps 16 bits of it only; ours has all.
 */
static unsigned line_of(const xmlError *error)
{
	const xmlNode *node = error->node;

	while (node && node->type != XML_ELEMENT_NODE)
		node = node->parent;
	if (node && origin_line(node))
		return origin_line(node);
	return error->line > 0 ? (unsigned)error->line : 0;
}

static void take_complaint(void *context, xmlError *error)
{
	struct complaints *complaints = context;
	struct complaint *complaint;
	const char *text = error->message ? error->message : "unknown error";
	size_t length = strlen(text);

	if (error->level < XML_ERR_ERROR)
		return;
	if (complaints->count++ >= COMPLAINTS_SHOWN)
		return;
	complaint = &complaints->list[complaints->count - 1];
	complaint->line = line_of(error);
	while (length && text[length - 1] == '\n')
		length--;
	text_printable(text, length, complaint->text, sizeof(complaint->text));
}

void complaints_begin(struct complaints *complaints)
{
	complaints->count = 0;
	complaints->previous = xmlStructuredError;
	complaints->previous_context = xmlStructuredErrorContext;
	xmlSetStructuredErrorFunc(complaints, take_complaint);
}

void complaints_end(struct complaints *complaints)
{
	xmlSetStructuredErrorFunc(complaints->previous_context, complaints->previous);
	xmlResetLastError();
}

#include "xml/internal.h"

#include <libxml/globals.h>

static void take_complaint(void *context, xmlError *error)
{
	struct complaints *complaints = context;
	unsigned rank = complaint_rank(error);
	struct complaint *complaint;

	if (error->level < XML_ERR_ERROR)
		return;
	complaints->count++;
	if (complaints->shown && rank < complaints->list[0].rank)
		complaints->shown = 0;
	if (complaints->shown == COMPLAINTS_SHOWN ||
	    (complaints->shown && rank > complaints->list[0].rank))
		return;
	complaint = &complaints->list[complaints->shown];
	print_complaint(error, complaint);
	/* What follows on the same element follows from the first. */
	if (!complaint->element || !complaints->shown ||
	    complaint->element != complaint[-1].element)
		complaints->shown++;
}

/* libxml2 also prints notes on what it has not implemented. */
static void ignore_note(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

void complaints_begin(struct complaints *complaints)
{
	complaints->shown = 0;
	complaints->count = 0;
	complaints->previous = xmlStructuredError;
	complaints->previous_context = xmlStructuredErrorContext;
	complaints->previous_generic = xmlGenericError;
	complaints->previous_generic_context = xmlGenericErrorContext;
	xmlSetStructuredErrorFunc(complaints, take_complaint);
	xmlSetGenericErrorFunc(NULL, ignore_note);
}

void complaints_end(struct complaints *complaints)
{
	xmlSetStructuredErrorFunc(complaints->previous_context, complaints->previous);
	xmlSetGenericErrorFunc(complaints->previous_generic_context, complaints->previous_generic);
	xmlResetLastError();
}

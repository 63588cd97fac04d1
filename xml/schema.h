/* A schema, ready to validate with. Part of the room xml/ alone. */
#ifndef XML_SCHEMA_H
#define XML_SCHEMA_H

#include "xml/schema_source.h"

#include <libxml/relaxng.h>
#include <libxml/xmlschemas.h>

struct xml_schema {
	char *path;
	xmlRelaxNG *grammar; /* one of these two */
	xmlSchema *w3c;
	struct xml_document *source; /* libxml2 keeps pointers into a W3C schema's tree */
	struct schema_roots roots;
};

#endif

/* The XML side of a component. Inside gencspec. */
#ifndef GENCSPEC_COMPONENT_XML_H
#define GENCSPEC_COMPONENT_XML_H

#include "gencspec/component.h"
#include "xml/xml.h"

/* The model of a specification; the document stays the caller's. */
struct component *component_from_document(const struct xml_document *document, struct error *err);

#endif

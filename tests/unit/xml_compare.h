/* Whether two elements say the same: names, attributes in any order, texts without the blanks
 * around them, child elements in the same order. Comments and white space between elements do not
 * count. */
#ifndef TESTS_UNIT_XML_COMPARE_H
#define TESTS_UNIT_XML_COMPARE_H

#include "xml/xml.h"

/* NULL if they do; else the first difference in words, owned by the caller. */
char *xml_difference(const struct xml_node *left, const struct xml_node *right);

#endif

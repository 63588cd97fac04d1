/* Muen's libraries that unikernels depend on, for policies that refer to them but do not have
 * them: Muen's build puts them in when it joins a policy. Inside policy. */
#ifndef POLICY_LIBRARIES_H
#define POLICY_LIBRARIES_H

#include "xml/xml.h"

/* The library's specification, with the variables that it has; NULL if the library is not
 * known. */
struct xml_document *library_document(const char *name);

#endif

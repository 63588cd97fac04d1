/* A policy that was opened, and what lies around it. Inside policy. */
#ifndef POLICY_WORLD_SOURCE_H
#define POLICY_WORLD_SOURCE_H

#include "policy/world_xml.h"
#include "xml/xml.h"

#define POLICY_SUBJECTS_MAX 1024 /* Muen's own systems have some twenty */

struct policy {
	struct policy_source source;   /* borrowed */
	struct xml_document *document; /* merged, with the components and libraries it lacked */
	char **folders;		       /* the policy's own, then the source's */
	size_t folder_count;
	const char **unikernels; /* names, in the document */
	size_t unikernel_count;
};

/* The file of that name: given in the source (*given is set), or in one of the folders (*given is
 * NULL). Returns the path to open it by, owned by the caller; NULL if it is nowhere. */
char *policy_find_file(const struct policy *policy, const char *name,
		       const struct policy_file **given);

/* The folders that were searched, in words: owned by the caller. */
char *policy_searched(const struct policy *policy);

/* The child of /system/SECTION with that element and name, or NULL. */
struct xml_node *policy_section_named(const struct policy *policy, const char *section,
				      const char *element, const char *name);

/* The document of that name; *document stays NULL if it is nowhere. */
int policy_find_document(const struct policy *policy, const char *name,
			 struct xml_document **document, struct error *err);

/* ---- world_components.c -------------------------------------------------- */

/* The component that the subject refers to; NULL if it refers to none, or to one that is not
 * there. */
struct xml_node *policy_component(const struct policy *policy, const struct xml_node *subject);

/* Adds the subject's component to the policy if that lacks it. One that is nowhere is left out: it
 * may be that of one of Muen's own subjects. */
int policy_add_component(struct policy *policy, const struct xml_node *subject, struct error *err);

/* Adds the libraries that the component (or library) depends on to the policy, if that lacks
 * them: from files, or as far as they are known. Fails for one that is not. */
int policy_add_libraries(struct policy *policy, const struct xml_node *node, struct error *err);

/* The libraries that a component depends on, directly and through others, depth first. */
struct policy_library {
	const struct xml_node *library;
	const struct xml_node *reference; /* the component's element through which it came */
};

#define POLICY_LIBRARIES_MAX 64

size_t policy_libraries(const struct policy *policy, const struct xml_node *component,
			struct policy_library libraries[static POLICY_LIBRARIES_MAX]);

#endif

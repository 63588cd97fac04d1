/* The documents that a composed system is written as. Each function returns a new
 * document (release with xml_free()) and cannot fail, but for system_document(). */
#ifndef POLICY_DOCUMENTS_H
#define POLICY_DOCUMENTS_H

#include "policy/system.h"
#include "recipes/recipe.h"
#include "xml/xml.h"

/* The name under which the system includes its scheduling plan. */
#define SCHEDULING_PLAN_FILE "scheduling_plans.xml"
#define SYSTEM_CONFIG_FILE "system_config.xml"

/* The system policy, with the unikernels' components. Fails only if a component's document
 * is not well-formed. */
struct xml_document *system_document(const struct system *system, struct error *err);

/* The scheduling plan that the system includes. */
struct xml_document *schedule_document(const struct system *system);

/* What Muen's mucfgmerge starts from: names the system's file, hardware and platform. */
struct xml_document *system_config_document(const struct recipe *recipe, const char *system_file);

/* One subject, to be pasted or included into a policy of one's own. NULL if there is none of
 * that name. */
struct xml_document *subject_document(const struct system *system, const char *name);

/* What a unikernel and its monitor need beside their subjects: the channels, events or memory
 * regions that are there for them, in an <include>. */
struct xml_document *channels_document(const struct system *system, const char *unikernel);
struct xml_document *events_document(const struct system *system, const char *unikernel);
struct xml_document *memory_document(const struct system *system, const char *unikernel);

#endif

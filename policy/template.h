/* Composes unikernels into a system policy of the user's, such as Muen's own mirage-solo5.xml,
 * as Muen's composer does: components, physical channels, maps, the network driver's ends,
 * boot parameters. For each component the template has a subject that refers to it.
 */
#ifndef POLICY_TEMPLATE_H
#define POLICY_TEMPLATE_H

#include "policy/compose.h"
#include "xml/xml.h"

#define TEMPLATE_NETWORK_DRIVER "nic_linux"

/* Changes the template in place. `composition->recipe`, hardware and cpus are not used; the
 * requests' subjects are filled in with those that were found. Fails with ERR_INPUT "FILE:LINE:
 * ..." when the template lacks what is needed, ERR_USAGE for links that cannot be. */
int template_compose(struct xml_document *document, const struct composition *composition,
		     struct unikernel_request *requests, struct findings *findings,
		     struct error *err);

/* After template_compose(): the unikernel's subject on its own; NULL and ERR_INTERNAL if that
 * cannot be. Release with xml_free(). */
struct xml_document *template_subject(const struct xml_document *document,
				      const struct unikernel_request *request, struct error *err);

/* After template_compose(): the physical channels of the component, in an <include>. Release with
 * xml_free(). */
struct xml_document *template_channels(const struct xml_document *document,
				       const struct unikernel_request *request);

#endif

/* Variables of a policy: expressions over them, $references, conditionals. Inside policy. */
#ifndef POLICY_VARIABLES_H
#define POLICY_VARIABLES_H

#include "xml/xml.h"

/* Evaluates root/expressions into root/config, then replaces every attribute value and text that
 * begins with '$', then resolves every <if>. Fails with ERR_INPUT "FILE:LINE: ...". */
int variables_expand(struct xml_node *root, struct error *err);

#endif

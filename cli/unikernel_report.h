/* How a unikernel is told of, the same way by every verb. */
#ifndef CLI_UNIKERNEL_REPORT_H
#define CLI_UNIKERNEL_REPORT_H

#include "solo5/unikernel.h"

#include <jansson.h>

/* The manifest's devices: {"name", "type", "handle"}. */
json_t *report_devices(const struct unikernel *unikernel);

/* Lines for people: "  solo5 ..." and "  devices ...". */
void print_identity(const struct unikernel *unikernel);

#endif

/* How a unikernel is told of, the same way by every verb. */
#ifndef CLI_UNIKERNEL_REPORT_H
#define CLI_UNIKERNEL_REPORT_H

#include "cli/conversion.h"

#include <jansson.h>

/* "0x200000": numbers that programs may find too large for their JSON reader. */
json_t *report_address(uint64_t value);

/* The manifest's devices: {"name", "type", "handle"}. */
json_t *report_devices(const struct unikernel *unikernel);

/* The revision, or null. */
json_t *report_subject_info(const struct unikernel *unikernel);

/* The unikernel and the component that was made of it. */
json_t *report_converted(const struct converted *converted);

/* For people: "  solo5 ..." and "  devices ...". */
void print_identity(const struct unikernel *unikernel);

/* For people: a paragraph with the memory map. */
void print_converted(const struct converted *converted);

#endif

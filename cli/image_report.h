/* The rows that reports of images share: files inside, findings. */
#ifndef CLI_IMAGE_REPORT_H
#define CLI_IMAGE_REPORT_H

#include "base/findings.h"

#include <stdint.h>

void print_files_head(void);

/* `sha256`: "" if it has none. */
void print_file(uint64_t size, const char *sha256, const char *path);

/* `lead` says what the findings are about. */
void print_image_findings(const char *lead, const struct findings *findings);

#endif

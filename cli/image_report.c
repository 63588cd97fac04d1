#include "cli/image_report.h"

#include <inttypes.h>
#include <stdio.h>

void print_files_head(void)
{
	printf("  files     %-10s  %-64s  path\n", "size", "sha-256");
}

void print_file(uint64_t size, const char *sha256, const char *path)
{
	printf("            %-10" PRIu64 "  %-64s  %s\n", size, *sha256 ? sha256 : "-", path);
}

void print_image_findings(const char *lead, const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		printf("  %-8s  %s: %s\n", lead, severity_name(finding->severity), finding->text);
		if (*finding->mend)
			printf("            mend: %s\n", finding->mend);
	}
}

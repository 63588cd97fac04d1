#include "base/findings.h"

#include "base/alloc.h"

#include <stdarg.h>

void findings_add(struct findings *findings, enum severity severity, const char *mend,
		  const char *format, ...)
{
	struct finding *finding;
	va_list args;

	array_grow(findings->list, findings->count);
	finding = &findings->list[findings->count++];
	finding->severity = severity;
	finding->mend = xstrdup(mend);
	va_start(args, format);
	finding->text = xvasprintf(format, args);
	va_end(args);
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[severity];
}

size_t findings_count(const struct findings *findings, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->list[i].severity == severity;
	return count;
}

void findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->list[i].text);
		free(findings->list[i].mend);
	}
	free(findings->list);
	*findings = (struct findings){ 0 };
}

#include "cli/run_watch.h"

#include "base/text.h"
#include "cli/report.h"
#include "tender/clock.h"

#include <string.h>

static int take_probe(struct run_watch *watch, const char *url, struct error *err)
{
	if (watch->probe_count == OPTIONS_PROBES_MAX)
		return err_fail(err, ERR_USAGE, "--http-check: more than %d URLs",
				OPTIONS_PROBES_MAX);
	return probe_parse(&watch->probes[watch->probe_count++], url, err);
}

static int take_word(struct run_watch *watch, const struct run_word *word, struct error *err)
{
	if (!strcmp(word->option, "expect") || !strcmp(word->option, "reject"))
		return watch_add(&watch->watch, word->value, word->option[0] == 'r', err);
	if (!strcmp(word->option, "http-check"))
		return take_probe(watch, word->value, err);
	if (!strcmp(word->option, "json"))
		watch->json = word->value;
	if (!strcmp(word->option, "timeout") && duration_parse(word->value, &watch->timeout) < 0) {
		err_fail(err, ERR_USAGE, "--timeout: '%s' is not a duration", word->value);
		return err_mend(err, "give e.g. 10s, 1500ms or 2m");
	}
	return 0;
}

int run_watch_begin(struct run_watch *watch, const struct run_options *options, struct error *err)
{
	*watch = (struct run_watch){ 0 };
	for (size_t i = 0; i < options->word_count; i++)
		if (options->words[i].scope == RUN_ALL &&
		    take_word(watch, &options->words[i], err) < 0)
			return -1;
	return 0;
}

void run_watch_end(struct run_watch *watch)
{
	watch_free(&watch->watch);
}

int run_watch_start(struct run_watch *watch, struct error *err)
{
	struct identity same = { 0 };

	for (size_t i = 0; i < watch->probe_count; i++)
		if (probe_start(&watch->probes[i], &same, err) < 0)
			return -1;
	if (watch->timeout)
		watch->deadline = clock_monotonic() + watch->timeout;
	return 0;
}

int run_watch_left(const struct run_watch *watch)
{
	uint64_t now = clock_monotonic(), left;

	if (!watch->deadline)
		return -1;
	if (now >= watch->deadline)
		return 0;
	left = (watch->deadline - now) / 1000000 + 1;
	return left < 60000 ? (int)left : 60000;
}

bool run_watch_unmet(struct run_watch *watch)
{
	size_t unmet = watch->watch.expected;

	for (size_t i = 0; i < watch->probe_count; i++)
		unmet += !probe_answered(&watch->probes[i]);
	return unmet > 0;
}

static bool expects(const struct run_watch *watch)
{
	for (size_t i = 0; i < watch->watch.count; i++)
		if (!watch->watch.patterns[i].reject)
			return true;
	return watch->probe_count > 0;
}

bool run_watch_met(struct run_watch *watch)
{
	return expects(watch) && !run_watch_unmet(watch);
}

bool run_watch_passes_at_timeout(const struct run_watch *watch)
{
	return watch->watch.count && !expects(watch);
}

void run_watch_tell(struct run_watch *watch)
{
	for (size_t i = 0; i < watch->watch.count; i++) {
		const struct watch_pattern *pattern = &watch->watch.patterns[i];

		if (pattern->seen)
			fprintf(stderr, "muenbuild: %s '%s': seen: %s\n",
				pattern->reject ? "reject" : "expect", pattern->text,
				pattern->line);
		else if (!pattern->reject)
			fprintf(stderr, "muenbuild: expect '%s': not seen\n", pattern->text);
	}
	for (size_t i = 0; i < watch->probe_count; i++)
		fprintf(stderr, "muenbuild: http-check %s: %s\n", watch->probes[i].url,
			probe_answered(&watch->probes[i]) ? "answered" : "no good answer");
}

json_t *run_watch_report(struct run_watch *watch)
{
	json_t *list = json_array();

	for (size_t i = 0; i < watch->watch.count; i++) {
		const struct watch_pattern *pattern = &watch->watch.patterns[i];

		json_array_append_new(list, json_pack("{s:s, s:o, s:b, s:o}", "kind",
						      pattern->reject ? "reject" : "expect",
						      "regex", report_any_text(pattern->text),
						      "seen", pattern->seen != 0, "line",
						      pattern->seen ? report_any_text(pattern->line)
								    : json_null()));
	}
	for (size_t i = 0; i < watch->probe_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:b}", "kind", "http-check",
						      "url", report_any_text(watch->probes[i].url),
						      "seen", probe_answered(&watch->probes[i])));
	return list;
}

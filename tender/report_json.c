#include "tender/tender.h"

#include "tender/json.h"

#include <string.h>

static const char *cause_name(enum outcome_cause cause)
{
	static const char *const names[] = {
		[OUTCOME_NOT_STARTED] = "not-started", [OUTCOME_HALT] = "halted",
		[OUTCOME_GUEST] = "guest-fault",       [OUTCOME_UNABLE] = "host-unable",
		[OUTCOME_HOST] = "host-fault",	       [OUTCOME_SIGNAL] = "signal",
		[OUTCOME_TIMEOUT] = "timeout",	       [OUTCOME_MET] = "expectations-met",
		[OUTCOME_REJECTED] = "rejected",
	};

	return names[cause];
}

/* Microseconds since the start of the process; null for what did not happen. */
static void add_moment(struct json *json, const struct tender *tender, const char *key,
		       uint64_t moment)
{
	if (moment)
		json_put_number(json, key, (moment - tender->timings.start) / 1000);
	else
		json_put_null(json, key);
}

static void add_outcome(struct json *json, const struct tender *tender)
{
	const struct outcome *outcome = &tender->outcome;

	json_put_text(json, "unikernel", tender->options.kernel);
	json_put_text(json, "target", tender->guest ? tender->guest->operations->target : NULL);
	json_put_number(json, "status", (uint64_t)tender_status(tender));
	json_put_text(json, "cause", cause_name(outcome->cause));
	json_put_text(json, "message", outcome->error.message[0] ? outcome->error.message : NULL);
	if (outcome->cause == OUTCOME_HALT)
		json_put_number(json, "guest_status", (uint64_t)outcome->guest_status);
	else
		json_put_null(json, "guest_status");
	if (outcome->cause == OUTCOME_SIGNAL)
		json_put_number(json, "signal", (uint64_t)outcome->signal);
	else
		json_put_null(json, "signal");
	json_begin(json, "microseconds", '{');
	add_moment(json, tender, "entry", tender->timings.entry);
	add_moment(json, tender, "first_output", tender->console.first_output);
	add_moment(json, tender, "expectations_met", tender->timings.met);
	add_moment(json, tender, "end", tender->timings.end);
	json_end(json, '}');
}

static void add_counters(struct json *json, const struct tender *tender)
{
	json_begin(json, "exits", '{');
	for (int i = 0; i < VM_EXIT_KINDS; i++)
		json_put_number(json, vm_exit_name((enum vm_exit_kind)i), tender->exits[i]);
	json_end(json, '}');
	json_begin(json, "console", '{');
	json_put_number(json, "bytes", tender->console.bytes);
	json_put_number(json, "lost", tender->console.lost);
	json_end(json, '}');
	guest_report(tender->guest, json);
}

static void add_net(struct json *json, const struct tender *tender, const struct net *net)
{
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", net->mac[0], net->mac[1],
		 net->mac[2], net->mac[3], net->mac[4], net->mac[5]);
	json_begin(json, NULL, '{');
	json_put_text(json, "name", net->name);
	json_put_text(json, "network", net->what);
	json_put_text(json, "mac", mac);
	json_put_number(json, "mtu", net->mtu);
	json_put_number(json, "received_frames", net->counters.received);
	json_put_number(json, "received_bytes", net->counters.received_bytes);
	json_put_number(json, "sent_frames", net->counters.sent);
	json_put_number(json, "sent_bytes", net->counters.sent_bytes);
	json_put_number(json, "send_drops", net->counters.send_drops);
	json_put_number(json, "receive_drops", net->counters.receive_drops);
	json_put_number(json, "pcap_frames", net->pcap.frames);
	json_put_bool(json, "lost", net->closed);
	guest_report_net(tender->guest, net, json);
	json_end(json, '}');
}

static void add_block(struct json *json, const struct block *block)
{
	json_begin(json, NULL, '{');
	json_put_text(json, "name", block->name);
	json_put_text(json, "file", block->path);
	json_put_bool(json, "read_only", block->read_only);
	json_put_number(json, "capacity", block->capacity);
	json_put_number(json, "block_size", block->block_size);
	json_put_number(json, "reads", block->counters.reads);
	json_put_number(json, "read_bytes", block->counters.read_bytes);
	json_put_number(json, "writes", block->counters.writes);
	json_put_number(json, "written_bytes", block->counters.written_bytes);
	json_put_number(json, "refused", block->counters.refused);
	json_put_number(json, "errors", block->counters.errors);
	json_end(json, '}');
}

static void add_devices(struct json *json, const struct tender *tender)
{
	json_begin(json, "net", '[');
	for (size_t i = 0; i < tender->net_count; i++)
		add_net(json, tender, &tender->nets[i]);
	json_end(json, ']');
	json_begin(json, "block", '[');
	for (size_t i = 0; i < tender->block_count; i++)
		add_block(json, &tender->blocks[i]);
	json_end(json, ']');
}

static void add_expectations(struct json *json, const struct tender *tender)
{
	json_begin(json, "expectations", '[');
	for (size_t i = 0; i < tender->watch.count; i++) {
		const struct watch_pattern *pattern = &tender->watch.patterns[i];

		json_begin(json, NULL, '{');
		json_put_text(json, "kind", pattern->reject ? "reject" : "expect");
		json_put_text(json, "regex", pattern->text);
		add_moment(json, tender, "microseconds", pattern->seen);
		json_put_text(json, "line", pattern->seen ? pattern->line : NULL);
		json_end(json, '}');
	}
	for (size_t i = 0; i < tender->probe_count; i++) {
		const struct probe *probe = &tender->probes[i];

		json_begin(json, NULL, '{');
		json_put_text(json, "kind", "http-check");
		json_put_text(json, "url", probe->url);
		add_moment(json, tender, "microseconds", probe->seen);
		json_put_number(json, "status", (uint64_t)probe->news->status);
		json_end(json, '}');
	}
	json_end(json, ']');
}

void tender_report(const struct tender *tender, struct buffer *out)
{
	struct json json = { .out = out };

	json_begin(&json, NULL, '{');
	json_put_text(&json, "type", "muenbuild.run");
	json_put_number(&json, "version", 1);
	add_outcome(&json, tender);
	add_counters(&json, tender);
	add_devices(&json, tender);
	add_expectations(&json, tender);
	json_begin(&json, "sandbox", '{');
	json_put_bool(&json, "files", tender->isolation.files);
	json_put_bool(&json, "network", tender->isolation.network);
	json_put_bool(&json, "user_namespace", tender->isolation.user);
	json_end(&json, '}');
	json_end(&json, '}');
}

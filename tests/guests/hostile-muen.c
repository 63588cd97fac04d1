/* A Muen subject that lies in its channels. */
#include "tests/guests/hostile.h"
#include "tests/guests/lib/channel.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/manifest.h"
#include "tests/guests/lib/muen.h"

SOLO5_MANIFEST(NET_BASIC("service"));

#define DEVICE "service"
#define MILLISECOND 1000000ull

/* ---- headers that lie: a is the member's offset, b its value ------------------------------- */

#define MEMBER(name) offsetof(struct channel_header, name)
#define ADD (1ull << 16) /* in a: b is added to what is there */

static void spoil_header(const struct sinfo_resource *channel, const struct hostile_case *what)
{
	volatile uint64_t *member = (volatile uint64_t *)(uintptr_t)(channel->data.memory.address +
								     (what->a & (ADD - 1)));

	*member = what->a & ADD ? *member + what->b : what->b;
}

static const struct hostile_case headers[] = {
	{ "transport", MEMBER(transport), 0x1234 },
	{ "protocol", MEMBER(protocol), 0x1234 },
	{ "epoch-0", MEMBER(epoch), 0 },
	{ "epoch-next", MEMBER(epoch) | ADD, 1 },
	{ "epoch-max", MEMBER(epoch), UINT64_MAX },
	{ "size-0", MEMBER(size), 0 },
	{ "size-1", MEMBER(size), 1 },
	{ "size-more", MEMBER(size) | ADD, 1 },
	{ "size-2-63", MEMBER(size), 1ull << 63 },
	{ "size-max", MEMBER(size), UINT64_MAX },
	{ "elements-0", MEMBER(elements), 0 },
	{ "elements-more", MEMBER(elements) | ADD, 1 },
	{ "elements-2-60", MEMBER(elements), 1ull << 60 },
	{ "elements-max", MEMBER(elements), UINT64_MAX },
	{ "reserved", MEMBER(reserved), UINT64_MAX },
	{ "wc-ahead-1", MEMBER(written) | ADD, 1 },
	{ "wc-ahead-1000000", MEMBER(written) | ADD, 1000000 },
	{ "wc-2-63", MEMBER(written), 1ull << 63 },
	{ "wc-max", MEMBER(written), UINT64_MAX },
	{ "wc-back", MEMBER(written) | ADD, (uint64_t)-1 },
	{ "wsc-behind", MEMBER(write_start), 0 },
	{ "wsc-ahead", MEMBER(write_start) | ADD, 1000000 },
	{ "wsc-max", MEMBER(write_start), UINT64_MAX },
};

/* Gives the other side the time to look. */
static void wait(void)
{
	solo5_yield(solo5_clock_monotonic() + 20 * MILLISECOND, NULL);
}

/* ---- the network channel -------------------------------------------------------------------- */

static const struct sinfo_resource *open_device(solo5_handle_t *handle)
{
	struct solo5_net_info info;

	if (solo5_net_acquire(DEVICE, handle, &info) != SOLO5_R_OK) {
		print("hostile: cannot acquire '%s'\n", DEVICE);
		solo5_exit(SOLO5_EXIT_FAILURE);
	}
	return muen_resource(DEVICE, "|out", SINFO_MEMORY);
}

static void send_frames(solo5_handle_t handle)
{
	static uint8_t frame[60] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };

	for (unsigned i = 0; i < 3; i++)
		solo5_net_write(handle, frame, sizeof(frame));
	wait();
}

/* The lie is told twice: with a new epoch, too, so that a reader that looks at the header at its
 * first contact alone sees it. */
static void attempt_out(const struct hostile_group *group, const struct hostile_case *what)
{
	solo5_handle_t handle = 0;
	const struct sinfo_resource *out = open_device(&handle);
	volatile struct channel_header *header =
		(volatile struct channel_header *)(uintptr_t)out->data.memory.address;

	(void)group;
	send_frames(handle);
	spoil_header(out, what);
	wait();
	if (header->epoch)
		header->epoch++;
	send_frames(handle);
}

/* a: the length that the packet claims */
static void attempt_length(const struct hostile_group *group, const struct hostile_case *what)
{
	solo5_handle_t handle = 0;
	const struct sinfo_resource *out = open_device(&handle);
	struct net_packet packet = { .length = (uint16_t)what->a };
	struct channel_writer writer;

	(void)group;
	if (!channel_begin(&writer, out->data.memory.address, out->data.memory.size, NET_PROTOCOL,
			   sizeof(packet), muen_schedule_start() + 1))
		return;
	channel_write(&writer, &packet);
	send_frames(handle);
}

static const struct hostile_case lengths[] = {
	{ "0", 0, 0 },
	{ "13", 13, 0 },
	{ "1515", 1515, 0 },
	{ "65535", 65535, 0 },
};

/* ---- the console ---------------------------------------------------------------------------- */

static void attempt_console(const struct hostile_group *group, const struct hostile_case *what)
{
	const struct sinfo_resource *log = muen_resource("debuglog", "", SINFO_MEMORY);

	(void)group;
	spoil_header(log, what);
	wait();
	print("hostile: a line after the lie\n");
	wait();
}

enum text { NO_NUL, CONTROL, TERMINAL, EARLY_NUL };

/* a: what the record holds */
static void attempt_record(const struct hostile_group *group, const struct hostile_case *what)
{
	const struct sinfo_resource *log = muen_resource("debuglog", "", SINFO_MEMORY);
	struct console_record record = { .time = UINT64_MAX };
	struct channel_writer writer;

	(void)group;
	if (what->a == NO_NUL)
		memset(record.text, 0xff, sizeof(record.text));
	else if (what->a == CONTROL)
		for (size_t i = 0; i < sizeof(record.text); i++)
			record.text[i] = (char)(i % 32 + 1);
	else if (what->a == TERMINAL)
		memcpy(record.text, "\033]0;title\007\033[2J\033[31m\n", 21);
	else
		memcpy(record.text, "before\0after\n", 13);
	if (!channel_begin(&writer, log->data.memory.address, log->data.memory.size,
			   CONSOLE_PROTOCOL, sizeof(record), muen_schedule_start() + 1))
		return;
	for (unsigned i = 0; i < 3; i++)
		channel_write(&writer, &record);
	wait();
}

static const struct hostile_case records[] = {
	{ "no-nul", NO_NUL, 0 },
	{ "control-characters", CONTROL, 0 },
	{ "terminal-sequences", TERMINAL, 0 },
	{ "early-nul", EARLY_NUL, 0 },
};

static const struct hostile_group groups[] = {
	HOSTILE_GROUP("out", headers, attempt_out, 0),
	HOSTILE_GROUP("out-length", lengths, attempt_length, 0),
	HOSTILE_GROUP("console", headers, attempt_console, 0),
	HOSTILE_GROUP("console-record", records, attempt_record, 0),
};

static const struct hostile_part channels = HOSTILE_PART(groups);

const struct hostile_part *const hostile_parts[] = { &channels, &hostile_regions, &hostile_cpu,
						     NULL };

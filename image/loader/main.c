/* Takes a command stream as its first module and carries it out: starts a Muen system from any boot
 * loader that knows Multiboot. Every refusal is a line on the serial port and the screen, before
 * anything is written.
 */
#include "image/bare/instructions.h"
#include "image/bare/serial.h"
#include "image/loader/console.h"
#include "image/loader/execute.h"
#include "image/loader/multiboot.h"
#include "image/loader/plan.h"

#include <stddef.h>

extern const unsigned char loader_begin[], loader_end[];

void loader_run(uint32_t magic, uint32_t info);

static void say(const char *text)
{
	console_say("muen loader", text);
}

static void stop(const char *why) __attribute__((noreturn));

static void stop(const char *why)
{
	say(why);
	say("stopped: nothing was written");
	serial_drain();
	for (;;)
		__asm__ volatile("cli; hlt");
}

#define FEATURES 1
#define FEATURE_PAE (1u << 6)
#define EXTENDED 0x80000000
#define EXTENDED_FEATURES 0x80000001
#define EXTENDED_LONG_MODE (1u << 29)
#define EFER 0xc0000080
#define EFER_LONG_MODE (1u << 8)

static bool has_pae(void)
{
	uint32_t registers[4];

	cpu_id(FEATURES, 0, registers);
	return registers[3] & FEATURE_PAE;
}

/* A 64-bit boot loader may have left it on: paging would be another one then. */
static void leave_long_mode(void)
{
	uint32_t registers[4];

	cpu_id(EXTENDED, 0, registers);
	if (registers[0] < EXTENDED_FEATURES)
		return;
	cpu_id(EXTENDED_FEATURES, 0, registers);
	if (registers[3] & EXTENDED_LONG_MODE)
		cpu_write_msr(EFER, cpu_read_msr(EFER) & ~(uint64_t)EFER_LONG_MODE);
}

static void tell(const struct plan *plan, const struct plan_places *places)
{
	struct line line = { 0 };

	line_decimal(&line, plan->commands);
	line_text(&line, " commands; loader at ");
	line_hex(&line, places->executor.start);
	line_text(&line, ", stream at ");
	line_hex(&line, places->stream.start);
	line_text(&line, ", entry point ");
	line_hex(&line, plan->entry);
	say(line.text);
	if (plan->standin)
		say("this system has the stand-in kernel: not for production");
}

static struct plan_area loader_area(void)
{
	return (struct plan_area){ .start = (uint32_t)loader_begin,
				   .size = (uint32_t)(loader_end - loader_begin) };
}

static bool make_plan(struct plan *plan, const struct boot *boot, struct line *why)
{
	static const struct plan_cpu cpu = { .cpuid = cpu_id };
	const unsigned char *stream = (const unsigned char *)boot->stream.start;
	struct plan_area targets;

	if (!plan_read(plan, stream, boot->stream.size, why) ||
	    !plan_targets_find(plan, &boot->ram, loader_area(), boot->stream, &targets, why))
		return false;
	plan->targets = (struct csl_target *)targets.start;
	return plan_make(plan, stream, boot->stream.size, &boot->ram, &cpu, why);
}

static void start_system(const struct boot *boot, const struct plan *plan,
			 struct plan_places *places, struct line *why)
{
	places->executor.size = EXECUTE_SIZE;
	places->stream = boot->stream;
	if (plan->high && !has_pae()) {
		line_text(why, "the stream writes above 4 GiB, and this processor has no PAE");
		return;
	}
	if (!plan_places_find(plan, &boot->ram, loader_area(), places, why))
		return;
	tell(plan, places);
	serial_drain();
	if (plan->high)
		leave_long_mode();
	execute(places->executor.start, (const unsigned char *)boot->stream.start,
		(unsigned char *)places->stream.start, boot->stream.size, plan->entry, plan->high);
}

void loader_run(uint32_t magic, uint32_t info)
{
	static struct plan_places places;
	static struct boot boot;
	static struct plan plan;
	const struct console_screen screen = multiboot_screen(magic, info);
	struct line why = { 0 };

	serial_open();
	console_open_screen(&screen);
	say("version " MUENBUILD_VERSION);
	if (multiboot_read(magic, info, &boot, &why) && make_plan(&plan, &boot, &why))
		start_system(&boot, &plan, &places, &why);
	stop(why.text);
}

/* Source: Intel's Software Developer's Manual, volume 3, chapter "APIC". */
#include "image/standin/interrupts.h"

#include "image/standin/machine.h"

#define PIC_VECTORS 0x20 /* the two 8259's, if one of their interrupts should come nevertheless */
#define PIC_VECTORS_END 0x30

#define APIC_ENABLED (1u << 11)
#define APIC_X2 (1u << 10)
#define X2APIC_MSR 0x800

/* Registers: the offset in memory, 16 times the number as an MSR. */
#define APIC_VERSION 0x30
#define APIC_PRIORITY 0x80
#define APIC_END 0xb0
#define APIC_SPURIOUS 0xf0
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_THERMAL 0x330
#define APIC_LVT_COUNTERS 0x340
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_ERROR 0x370
#define APIC_INITIAL_COUNT 0x380
#define APIC_CURRENT_COUNT 0x390
#define APIC_DIVIDE 0x3e0

/* The highest entry of the local vector table, of its version register. */
#define VERSION_LAST_ENTRY(version) ((version) >> 16 & 0xff)
#define ENTRY_COUNTERS 4u /* those behind it may be missing */
#define ENTRY_THERMAL 5u

#define LVT_MASKED (1u << 16)
#define LVT_PERIODIC (1u << 17)
#define SPURIOUS_ENABLE (1u << 8)
#define DIVIDE_BY_16 3

static volatile uint32_t *apic; /* NULL: in x2APIC mode, its registers are MSRs */

static void apic_write(unsigned offset, uint32_t value)
{
	if (apic)
		apic[offset / 4] = value;
	else
		cpu_write_msr(X2APIC_MSR + offset / 16, value);
}

static uint32_t apic_read(unsigned offset)
{
	return apic ? apic[offset / 4] : (uint32_t)cpu_read_msr(X2APIC_MSR + offset / 16);
}

static void pic_write(uint16_t port, uint8_t value)
{
	cpu_out8(port, value);
	cpu_out8(0x80, 0); /* time for old chips */
}

/* Out of the way of the exceptions' vectors, and silent. */
static void pic_init(void)
{
	for (unsigned i = 0; i < 2; i++) {
		uint16_t command = i ? 0xa0 : 0x20, data = command + 1;

		pic_write(command, 0x11);
		pic_write(data, (uint8_t)(PIC_VECTORS + 8 * i));
		pic_write(data, i ? 2 : 4);
		pic_write(data, 1);
		pic_write(data, 0xff);
	}
}

/* In x2APIC mode, a write to an entry that is missing is an exception. */
static void mask_entries(void)
{
	uint32_t last = VERSION_LAST_ENTRY(apic_read(APIC_VERSION));

	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	if (last >= ENTRY_COUNTERS)
		apic_write(APIC_LVT_COUNTERS, LVT_MASKED);
	if (last >= ENTRY_THERMAL)
		apic_write(APIC_LVT_THERMAL, LVT_MASKED);
}

/* Firmware may have left the APIC in either of its modes, or off. */
void interrupts_init(void)
{
	uint64_t base = cpu_read_msr(MSR_APIC_BASE);

	pic_init();
	if (!(base & APIC_ENABLED)) {
		base |= APIC_ENABLED;
		cpu_write_msr(MSR_APIC_BASE, base);
	}
	apic = base & APIC_X2 ? 0 : memory_at(base & 0xfffff000);
	mask_entries();
	apic_write(APIC_PRIORITY, 0);
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_DIVIDE, DIVIDE_BY_16);
}

void timer_count_begin(void)
{
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_INITIAL_COUNT, UINT32_MAX);
}

uint32_t timer_counted(void)
{
	return UINT32_MAX - apic_read(APIC_CURRENT_COUNT);
}

void timer_start(uint32_t count)
{
	apic_write(APIC_LVT_TIMER, LVT_PERIODIC | VECTOR_TIMER);
	apic_write(APIC_INITIAL_COUNT, count);
}

void timer_stop(void)
{
	apic_write(APIC_LVT_TIMER, LVT_MASKED);
	apic_write(APIC_INITIAL_COUNT, 0);
}

/* Spurious interrupts are not acknowledged; the 8259's are masked, so theirs are all spurious. */
void interrupt_done(unsigned vector)
{
	if (vector != VECTOR_SPURIOUS && (vector < PIC_VECTORS || vector >= PIC_VECTORS_END))
		apic_write(APIC_END, 0);
}

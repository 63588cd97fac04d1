/* What the emulation needs of the machine. */
#include "image/standin/console.h"
#include "image/standin/log.h"
#include "image/standin/machine.h"
#include "image/standin/tables.h"
#include "image/standin/vcpu.h"

#define FAULT_PRESENT 1u
#define FAULT_WRITE 2u

/* One page's part of an access. */
static bool access_page(struct vcpu *vcpu, uint64_t address, unsigned char *bytes, uint64_t size,
			bool write)
{
	struct translation page;
	bool there = tables_translate(vcpu->cr3, address, &page);

	if (there && write && !page.writable && log_guard_hit(address))
		there = tables_translate(vcpu->cr3, address, &page);
	if (!there || (write && !page.writable)) {
		vcpu->exception = (struct vcpu_exception){
			.vector = vcpu_is_canonical(address) ? VECTOR_PF : VECTOR_GP,
			.address = address,
		};
		if (vcpu->exception.vector == VECTOR_PF)
			vcpu->exception.error_code =
				(there ? FAULT_PRESENT : 0) | (write ? FAULT_WRITE : 0);
		return false;
	}
	if (write)
		__builtin_memcpy(memory_at(page.physical), bytes, size);
	else
		__builtin_memcpy(bytes, memory_at(page.physical), size);
	return true;
}

bool vcpu_access(struct vcpu *vcpu, uint64_t address, void *bytes, uint64_t size, bool write)
{
	for (uint64_t done = 0; done < size;) {
		uint64_t part = PAGE - (address + done) % PAGE;

		if (part > size - done)
			part = size - done;
		if (!access_page(vcpu, address + done, (unsigned char *)bytes + done, part, write))
			return false;
		done += part;
	}
	return true;
}

/* It was executed: what is missing at the end was not needed. */
size_t vcpu_fetch(const struct vcpu *vcpu, unsigned char *bytes)
{
	struct translation page;
	size_t length = 0;

	while (length < INSN_MAX && tables_translate(vcpu->cr3, vcpu->frame->rip + length, &page))
		bytes[length++] = *(const unsigned char *)memory_at(page.physical);
	return length;
}

static uint32_t base_msr(unsigned segment)
{
	return segment == SEGMENT_FS ? MSR_FS_BASE : MSR_GS_BASE;
}

uint64_t vcpu_segment_base(unsigned segment)
{
	return cpu_read_msr(base_msr(segment));
}

void vcpu_set_segment_base(unsigned segment, uint64_t base)
{
	cpu_write_msr(base_msr(segment), base);
}

void vcpu_msr_ignored(const struct vcpu *vcpu, bool write, uint32_t msr)
{
	static bool said;

	if (said)
		return;
	said = true;
	log_drain();
	if (write)
		say("a write to the model-specific register 0x%x at rip 0x%lx is ignored, as "
		    "Muen's "
		    "subject monitor does it; others, too, without a word",
		    msr, vcpu->frame->rip);
	else
		say("the model-specific register 0x%x, read at rip 0x%lx, is 0 here; others, too, "
		    "without a word",
		    msr, vcpu->frame->rip);
}

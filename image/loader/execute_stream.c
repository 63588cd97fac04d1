/* Runs in the copy: no data, no function of another file. The stream was checked before. */
#include "base/endian.h"
#include "image/csl_format.h"
#include "image/loader/execute.h"

#define WINDOW 0x200000u
#define PRESENT 1u
#define WRITABLE 2u
#define LARGE 0x80u

void execute_stream(struct execution *execution);

/* Makes `address` accessible and returns where; *length is cut to what is accessible there. */
static unsigned char *reach(struct execution *execution, uint64_t address, uint64_t *length)
{
	uint32_t inside = (uint32_t)address & (WINDOW - 1);

	if (!execution->high)
		return (unsigned char *)(uint32_t)address;
	if (*length > WINDOW - inside)
		*length = WINDOW - inside;
	execution->directories[0][0] = (address - inside) | LARGE | WRITABLE | PRESENT;
	__asm__ volatile("invlpg (%0)" : : "r"(0) : "memory");
	return (unsigned char *)inside;
}

static void write(struct execution *execution, uint64_t address, const unsigned char *from,
		  uint64_t left)
{
	while (left) {
		uint64_t length = left;
		void *to = reach(execution, address, &length);
		uint32_t count = (uint32_t)length;

		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
		address += length;
		left -= length;
	}
}

static void fill(struct execution *execution, uint64_t address, uint64_t left, uint8_t pattern)
{
	while (left) {
		uint64_t length = left;
		void *to = reach(execution, address, &length);
		uint32_t count = (uint32_t)length;

		__asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(pattern) : "memory");
		address += length;
		left -= length;
	}
}

void execute_stream(struct execution *execution)
{
	uint32_t offset = CSL_UNIT;

	while (offset < execution->size) {
		const unsigned char *head = execution->stream + offset;
		const unsigned char *data = head + CSL_HEAD_LENGTH;
		uint32_t id = get_le32(head), length = get_le32(head + 8);

		if (id == CSL_WRITE)
			write(execution, get_le64(data), data + 8, length - 8);
		else if (id == CSL_FILL)
			fill(execution, get_le64(data), get_le64(data + 8), data[16]);
		offset += CSL_HEAD_LENGTH + length;
	}
}

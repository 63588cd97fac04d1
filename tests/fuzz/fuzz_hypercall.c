/* A guest that does anything: its memory, its hypercalls and its ring come from the input. The
 * tender touches nothing outside of the guest's memory and always comes back.
 *
 * Input: records of { operation, five bytes of arguments }, see enum operation; what is left
 * behind the records is laid into the guest's memory, where FILL says.
 */
#include "tests/unit/tender_guest.h"
#include "tests/fuzz/fuzz.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum operation {
	CALL,  /* number, address */
	PORT,  /* how, port: any access to any port */
	FILL,  /* length, address: the next bytes of the input into memory */
	FRAME, /* length: a frame arrives */
	RING,  /* length, offset: the next bytes of the input into the ring, then serve it */
	TAIL,  /* offset: moves the ring's tail, then serves it */
	OPERATIONS,
};

#define RECORD 6
#define RECORDS_MAX 64

struct input {
	const uint8_t *data;
	size_t left;
};

static const uint8_t *take(struct input *input, size_t length)
{
	const uint8_t *data = input->data;

	if (length > input->left)
		return NULL;
	input->data += length;
	input->left -= length;
	return data;
}

static void copy(struct input *input, unsigned char *to, size_t room, uint32_t offset,
		 size_t length)
{
	const uint8_t *from = take(input, length);

	if (from && offset <= room && length <= room - offset)
		memcpy(to + offset, from, length);
}

static void access_port(struct fake_guest *guest, uint8_t how, uint32_t value)
{
	unsigned char bytes[64] = { 0 };
	struct vm_exit access = {
		.kind = VM_EXIT_PORT,
		.write = how & 1,
		.size = 1u << (how >> 1 & 3),
		.count = how >> 3 & 7,
		.address = 0x4f0 + (value & 0x1ff),
		.data = bytes,
	};
	struct error err;

	memcpy(bytes, &value, sizeof(value));
	hvt_hypercall(&guest->hvt, &access, &err);
}

static void obey(struct fake_guest *guest, struct ring *ring, const uint8_t *record,
		 struct input *input)
{
	static unsigned char frame[256];
	struct error err;
	uint32_t value;

	memcpy(&value, record + 2, sizeof(value));
	switch ((enum operation)(record[0] % OPERATIONS)) {
	case CALL:
		fake_guest_call(guest, record[1] % (HVT_HYPERCALLS + 1), value, &err);
		break;
	case PORT:
		access_port(guest, record[1], value);
		break;
	case FILL:
		copy(input, guest->host, FAKE_MEMORY, value, record[1]);
		break;
	case FRAME:
		(void)!send(guest->net_end, frame, record[1], MSG_NOSIGNAL);
		break;
	case RING:
		copy(input, (unsigned char *)ring->shared, sizeof(*ring->shared), value, record[1]);
		ring_serve(ring);
		break;
	case TAIL:
		ring->shared->entry_tail = value;
		ring_serve(ring);
		break;
	case OPERATIONS:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hvt_ring shared;
	struct input input = { data, size };
	struct fake_guest guest;
	struct ring ring = { .shared = &shared, .hvt = &guest.hvt, .kick_fd = -1 };
	const uint64_t one = 1;
	const uint8_t *record;

	fake_guest_new(&guest);
	pthread_mutex_init(&ring.lock, NULL);
	memset(&shared, 0, sizeof(shared));
	/* Nothing waits, and what is said once was said before. */
	guest.stop.requested = 1;
	if (write(guest.stop.wake_fd, &one, sizeof(one)) < 0)
		return 0;
	guest.console.lost = guest.net.counters.receive_drops = guest.block.counters.errors = 1;
	for (int i = 0; i < RECORDS_MAX && (record = take(&input, RECORD)); i++)
		obey(&guest, &ring, record, &input);
	fake_guest_free(&guest);
	return 0;
}

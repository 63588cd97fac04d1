#include "tests/unit/tender_guest.h"

#include "base/alloc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool works)
{
	if (!works)
		abort();
}

static void new_memory(struct fake_guest *guest)
{
	struct guest_region regions[] = {
		{ 0, FAKE_WRITABLE, NULL, false, "text" },
		{ FAKE_WRITABLE, FAKE_MEMORY - FAKE_WRITABLE, NULL, true, "memory" },
	};
	struct error err;

	guest->host = xcalloc(FAKE_MEMORY, 1);
	for (size_t i = 0; i < 2; i++) {
		regions[i].host = guest->host + regions[i].address;
		must(guest_memory_add(&guest->memory, &regions[i], &err) == 0);
	}
}

static void new_devices(struct fake_guest *guest)
{
	int ends[2];

	must(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	guest->console_end = ends[0];
	guest->console.fd = ends[1];
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	guest->net_end = ends[0];
	guest->net = (struct net){ .name = "service", .fd = ends[1], .pcap = { .fd = -1 } };
	pthread_mutex_init(&guest->net.lock, NULL);
	guest->block = (struct block){
		.name = "storage", .path = "memory", .capacity = FAKE_BLOCKS, .block_size = 512
	};
	guest->block.fd = memfd_create("storage", MFD_CLOEXEC);
	must(guest->block.fd >= 0 && ftruncate(guest->block.fd, FAKE_BLOCKS) == 0);
}

void fake_guest_new(struct fake_guest *guest)
{
	*guest = (struct fake_guest){ 0 };
	new_memory(guest);
	new_devices(guest);
	guest->stop.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(guest->stop.wake_fd >= 0);
	guest->console.stop = &guest->stop;
	guest->hvt.memory = &guest->memory;
	guest->hvt.console = &guest->console;
	guest->hvt.devices = &guest->devices;
	guest->devices.nets[FAKE_NET] = &guest->net;
	guest->devices.blocks[FAKE_BLOCK] = &guest->block;
	devices_prepare(&guest->devices, &guest->stop);
}

void fake_guest_free(struct fake_guest *guest)
{
	close(guest->console.fd);
	close(guest->console_end);
	close(guest->net_end);
	close(guest->stop.wake_fd);
	net_close(&guest->net);
	block_close(&guest->block);
	guest_memory_free(&guest->memory);
	free(guest->host);
}

enum hypercall_outcome fake_guest_call(struct fake_guest *guest, unsigned number, uint32_t address,
				       struct error *err)
{
	unsigned char data[4];
	struct vm_exit access = {
		.kind = VM_EXIT_PORT,
		.write = true,
		.address = HVT_PORT + number,
		.size = 4,
		.count = 1,
		.data = data,
	};

	memcpy(data, &address, sizeof(address));
	return hvt_hypercall(&guest->hvt, &access, err);
}

#include "tender/net/pcap.h"

#include "tender/clock.h"
#include "tender/say.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAGIC_NANOSECONDS 0xa1b23c4du
#define LINKTYPE_ETHERNET 1

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t reserved[2];
	uint32_t snap_length, link_type;
};

struct record_header {
	uint32_t seconds, nanoseconds;
	uint32_t captured, length;
};

_Static_assert(sizeof(struct file_header) == 24, "pcap file header");
_Static_assert(sizeof(struct record_header) == 16, "pcap record header");

int pcap_open(struct pcap *pcap, const char *path, struct error *err)
{
	static const struct file_header header = {
		.magic = MAGIC_NANOSECONDS,
		.major = 2,
		.minor = 4,
		.snap_length = PCAP_SNAP_LENGTH,
		.link_type = LINKTYPE_ETHERNET,
	};

	*pcap = (struct pcap){ .path = path };
	pcap->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (pcap->fd < 0)
		return err_fail_errno(err, ERR_CANT_CREATE, errno, "--pcap: %s: cannot create",
				      path);
	if (write(pcap->fd, &header, sizeof(header)) == (ssize_t)sizeof(header))
		return 0;
	err_fail_errno(err, ERR_IO, errno, "--pcap: %s: cannot write", path);
	close(pcap->fd);
	pcap->fd = -1;
	return -1;
}

void pcap_record(struct pcap *pcap, const void *frame, size_t length)
{
	uint64_t now = clock_nanoseconds(CLOCK_REALTIME);
	struct record_header header = {
		.seconds = (uint32_t)(now / NSEC_PER_SEC),
		.nanoseconds = (uint32_t)(now % NSEC_PER_SEC),
		.captured = (uint32_t)(length < PCAP_SNAP_LENGTH ? length : PCAP_SNAP_LENGTH),
		.length = (uint32_t)length,
	};
	struct iovec parts[] = {
		{ &header, sizeof(header) },
		{ (void *)(uintptr_t)frame, header.captured },
	};
	ssize_t count;

	if (pcap->failed)
		return;
	do {
		count = writev(pcap->fd, parts, 2);
	} while (count < 0 && errno == EINTR);
	if (count == (ssize_t)(sizeof(header) + header.captured)) {
		pcap->frames++;
		return;
	}
	/* A record that is cut would spoil all that follow. */
	pcap->failed = true;
	say("warning: --pcap: %s: %s; the capture ends here, the guest goes on", pcap->path,
	    count < 0 ? strerror(errno) : "the file took only part of a frame");
}

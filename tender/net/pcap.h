/* A capture of every frame of one network device, in the pcap format with nanoseconds and link
 * type Ethernet (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-03.html). */
#ifndef TENDER_NET_PCAP_H
#define TENDER_NET_PCAP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAP_SNAP_LENGTH 65535

struct pcap {
	int fd;		  /* -1: no capture */
	const char *path; /* borrowed */
	uint64_t frames;  /* recorded */
	bool failed;	  /* the file takes no more; said once */
};

/* Makes the file, replacing one that is there, and writes its header. Fails with
 * ERR_CANT_CREATE or ERR_IO. */
int pcap_open(struct pcap *pcap, const char *path, struct error *err);

/* Records a frame, cut to PCAP_SNAP_LENGTH. An error ends the capture, not the guest. */
void pcap_record(struct pcap *pcap, const void *frame, size_t length);

#endif

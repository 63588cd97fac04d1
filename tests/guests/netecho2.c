/* The echo guest with two network devices. */
#define NETECHO_TWO_DEVICES
#include "tests/guests/netecho.c"

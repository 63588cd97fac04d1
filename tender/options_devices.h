/* The options that name a device; nothing but options.c includes this.
 *
 * `device` is the name in solo5-hvt's form "--net:NAME=VALUE", whose value is taken as it is;
 * NULL stands for our form "--net NAME=VALUE", where the value begins with the name.
 */
#ifndef TENDER_OPTIONS_DEVICES_H
#define TENDER_OPTIONS_DEVICES_H

#include "tender/options.h"

/* Refuses the empty path. */
int options_need_path(const char *option, const char *value, struct error *err);

int options_take_net(struct options_hvt *options, const char *device, const char *value,
		     struct error *err);
int options_take_net_mac(struct options_hvt *options, const char *device, const char *value,
			 struct error *err);
int options_take_pcap(struct options_hvt *options, const char *device, const char *value,
		      struct error *err);
int options_take_block(struct options_hvt *options, const char *device, const char *value,
		       struct error *err);
int options_take_sector_size(struct options_hvt *options, const char *device, const char *value,
			     struct error *err);

#endif

/* The options of muenbuild-hvt, once for its own command line and once for muenbuild run's help.
 *
 * X(name, argument or NULL, whether "--name:DEVICE=value" is understood, function, help)
 */
#ifndef TENDER_OPTION_LIST_H
#define TENDER_OPTION_LIST_H

#define TENDER_OPTIONS(X)                                                                          \
	X("mem", "N", false, take_memory, "memory in MiB, or a size as 1G (default: 512)")         \
	X("net", "NAME=KIND", true, options_take_net,                                              \
	  "attach a network device; KIND is user[,net=CIDR][,hostfwd=RULE],\n"                     \
	  "tap[,bridge=BRIDGE], the name of a tap, or @ and a descriptor")                         \
	X("net-mac", "NAME=MAC", true, options_take_net_mac, "its MAC address (default: random)")  \
	X("pcap", "[NAME=]FILE", true, options_take_pcap, "record its frames in a pcap file")      \
	X("block", "NAME=FILE", true, options_take_block,                                          \
	  "attach a block device; behind FILE: ,ro ,sector=N")                                     \
	X("block-sector-size", "NAME=N", true, options_take_sector_size,                           \
	  "its block size (default: 512)")                                                         \
	X("channel-size", "SIZE", false, take_channel_size,                                        \
	  "muen: size of each network channel (default: 1M)")                                      \
	X("world", "FILE", false, take_world,                                                      \
	  "muen: the subject's world, as muenbuild wrote it; @ and a descriptor")                  \
	X("expect", "REGEX", false, take_expect,                                                   \
	  "end with 0 once a line of output matches (all of several)")                             \
	X("reject", "REGEX", false, take_reject, "fail if a line of output matches")               \
	X("http-check", "URL", false, take_probe, "expect an answer 2xx or 3xx from http://...")   \
	X("timeout", "TIME", false, take_timeout, "stop the guest after 10s, 1500ms, 2m")          \
	X("json", "FILE", false, take_json, "write a report of the run")                           \
	X("dumpcore", "DIR", false, take_dumpcore, "write a core file if the guest crashes")       \
	X("gdb", "[unix:PATH|HOST:PORT]", false, take_gdb,                                         \
	  "wait for gdb, at 127.0.0.1:1234 by default")                                            \
	X("gdb-port", "N", false, take_gdb_port, "wait for it at this port (0: any)")              \
	X("ring", "auto|on|off", false, take_ring,                                                 \
	  "offer the network ring (default: where it pays)")                                       \
	X("uid", "N", false, take_uid, "run as this user")                                         \
	X("gid", "N", false, take_gid, "run as this group")                                        \
	X("chroot", "DIR", false, take_chroot, "run in this folder")                               \
	X("verbose", NULL, false, take_verbose, "say what is done")                                \
	X("options-anywhere", NULL, false, take_anywhere,                                          \
	  "read options behind UNIKERNEL too, up to --")

#endif

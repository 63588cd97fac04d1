/* Networks of the host's kernel: taps by name, by descriptor, and made now. */
#include "tender/net/net.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MTU_MIN 68 /* RFC 791 */
#define FRAME_FLAGS (IFF_TAP | IFF_NO_PI)

static int control_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void name_interface(struct ifreq *request, const char *interface)
{
	*request = (struct ifreq){ 0 };
	memcpy(request->ifr_name, interface, strnlen(interface, IFNAMSIZ - 1));
}

/* The exact commands that make what is missing. */
static int mend_tap(const char *interface, const char *bridge, struct error *err)
{
	if (!*bridge)
		return err_mend(
			err,
			"make it: sudo ip tuntap add dev %s mode tap user \"$USER\" && sudo ip "
			"link set dev %s up; or use a network that needs no root: user",
			interface, interface);
	return err_mend(
		err,
		"make it: sudo ip tuntap add dev %s mode tap user \"$USER\" && sudo ip link "
		"set dev %s master %s up; then name it: %s",
		interface, interface, bridge, interface);
}

static int check_up(const struct net *net, const char *interface, int control, struct error *err)
{
	struct ifreq request;

	name_interface(&request, interface);
	if (ioctl(control, SIOCGIFFLAGS, &request) < 0) {
		err_fail_errno(err, ERR_MISSING, errno,
			       "--net %s: there is no network interface '%s'", net->name,
			       interface);
		return mend_tap(interface, "", err);
	}
	if (request.ifr_flags & (IFF_UP | IFF_RUNNING))
		return 0;
	err_fail(err, ERR_MISSING, "--net %s: the interface %s is down", net->name, interface);
	return err_mend(err, "set it up: sudo ip link set dev %s up", interface);
}

static int read_mtu(struct net *net, const char *interface, int control, struct error *err)
{
	struct ifreq request;

	name_interface(&request, interface);
	if (ioctl(control, SIOCGIFMTU, &request) < 0)
		return err_fail_errno(err, ERR_MISSING, errno,
				      "--net %s: cannot read the MTU of %s", net->name, interface);
	if (request.ifr_mtu < MTU_MIN || request.ifr_mtu > UINT16_MAX)
		return err_fail(err, ERR_MISSING,
				"--net %s: %s has an MTU of %d, 68 to 65535 was expected",
				net->name, interface, request.ifr_mtu);
	net->mtu = (uint16_t)request.ifr_mtu;
	return 0;
}

/* The host may hand over frames that it has merged, longer than the MTU, to a tap whose earlier
 * user promised to split them. The guest did not. */
static int refuse_merged_frames(const struct net *net, int fd, struct error *err)
{
	if (ioctl(fd, TUNSETOFFLOAD, 0) == 0)
		return 0;
	return err_fail_errno(err, ERR_MISSING, errno,
			      "--net %s: cannot stop the host from merging frames (TSO, GSO)",
			      net->name);
}

static int open_tun(const struct net *net, struct error *err)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	err_fail_errno(err, errno == ENOENT || errno == ENODEV ? ERR_MISSING : ERR_REFUSED, errno,
		       "--net %s: cannot open /dev/net/tun", net->name);
	return err_mend(err, "load the module (sudo modprobe tun), or use a network that needs "
			     "neither: user");
}

/* Attaches to a tap, or makes it; `name` gets the name that it has. */
static int attach(const struct net *net, int fd, const char *interface, char name[IFNAMSIZ],
		  struct error *err)
{
	struct ifreq request;

	name_interface(&request, interface);
	request.ifr_flags = FRAME_FLAGS;
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		return err_fail_errno(err, errno == EPERM ? ERR_REFUSED : ERR_MISSING, errno,
				      "--net %s: cannot %s the tap %s", net->name,
				      *interface ? "attach to" : "make", interface);
	memcpy(name, request.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	return refuse_merged_frames(net, fd, err);
}

/* What stands in the way of attaching to an interface that is there. */
static int mend_attach(const char *interface, int number, struct error *err)
{
	switch (number) {
	case EBUSY:
		return err_mend(err, "another program has it open: end that one, or use another "
				     "tap");
	case EINVAL:
		return err_mend(err, "it is no tap, or one with several queues: make one with "
				     "sudo ip tuntap add dev NAME mode tap user \"$USER\"");
	case EPERM:
		return err_mend(err,
				"it belongs to somebody else: sudo ip tuntap del dev %s mode tap; "
				"sudo ip tuntap add dev %s mode tap user \"$USER\"; sudo ip link "
				"set dev %s up",
				interface, interface, interface);
	default:
		return -1;
	}
}

int net_open_tap(struct net *net, const struct net_spec *spec, struct error *err)
{
	cleanup_close int control = control_socket();
	cleanup_close int fd = -1;
	char name[IFNAMSIZ];

	if (check_up(net, spec->interface, control, err) < 0)
		return -1;
	fd = open_tun(net, err);
	if (fd < 0)
		return -1;
	if (attach(net, fd, spec->interface, name, err) < 0)
		return mend_attach(spec->interface, errno, err);
	if (strcmp(name, spec->interface) != 0)
		return err_fail(err, ERR_MISSING, "--net %s: attached to %s instead of %s",
				net->name, name, spec->interface);
	if (read_mtu(net, name, control, err) < 0)
		return -1;
	snprintf(net->what, sizeof(net->what), "%s", name);
	net->fd = fd;
	fd = -1;
	return 0;
}

/* ---- made now ------------------------------------------------------------------- */

static int join_bridge(const struct net *net, const char *name, const char *bridge, int control,
		       struct error *err)
{
	struct ifreq request;

	name_interface(&request, bridge);
	request.ifr_ifindex = (int)if_nametoindex(name);
	if (ioctl(control, SIOCBRADDIF, &request) == 0)
		return 0;
	err_fail_errno(err, errno == EPERM ? ERR_REFUSED : ERR_MISSING, errno,
		       "--net %s: cannot put %s on the bridge %s", net->name, name, bridge);
	return err_mend(err,
			"make the bridge: sudo ip link add %s type bridge && sudo ip link set "
			"dev %s up",
			bridge, bridge);
}

static int set_up(const struct net *net, const char *name, int control, struct error *err)
{
	struct ifreq request;

	name_interface(&request, name);
	if (ioctl(control, SIOCGIFFLAGS, &request) == 0) {
		request.ifr_flags |= IFF_UP;
		if (ioctl(control, SIOCSIFFLAGS, &request) == 0)
			return 0;
	}
	return err_fail_errno(err, ERR_REFUSED, errno, "--net %s: cannot set %s up", net->name,
			      name);
}

int net_open_new_tap(struct net *net, const struct net_spec *spec, struct error *err)
{
	cleanup_close int control = control_socket();
	cleanup_close int fd = open_tun(net, err);
	const char *wanted = *spec->interface ? spec->interface : "tap0";
	char name[IFNAMSIZ];

	if (fd < 0)
		return mend_tap(wanted, spec->bridge, err);
	if (attach(net, fd, spec->interface, name, err) < 0)
		return errno == EPERM ? mend_tap(wanted, spec->bridge, err)
				      : mend_attach(wanted, errno, err);
	if (*spec->bridge && join_bridge(net, name, spec->bridge, control, err) < 0)
		return -1;
	if (set_up(net, name, control, err) < 0 || read_mtu(net, name, control, err) < 0)
		return -1;
	snprintf(net->what, sizeof(net->what), "%s", name);
	net->fd = fd;
	fd = -1;
	return 0;
}

/* ---- by descriptor ---------------------------------------------------------------- */

static int check_tap_fd(struct net *net, int fd, const struct ifreq *request, struct error *err)
{
	cleanup_close int control = control_socket();
	char name[IFNAMSIZ + 1] = "";

	memcpy(name, request->ifr_name, IFNAMSIZ);
	if ((request->ifr_flags & (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)) != FRAME_FLAGS) {
		err_fail(err, ERR_USAGE,
			 "--net %s: @%d is the interface %s, but not one that carries plain "
			 "Ethernet frames",
			 net->name, fd, name);
		return err_mend(err, "open it with the flags IFF_TAP and IFF_NO_PI, without "
				     "IFF_VNET_HDR");
	}
	snprintf(net->what, sizeof(net->what), "%s", name);
	if (refuse_merged_frames(net, fd, err) < 0)
		return -1;
	/* The interface may belong to another network namespace, where we cannot ask. */
	if (if_nametoindex(name) == 0) {
		net->mtu = NET_MTU_DEFAULT;
		return 0;
	}
	return read_mtu(net, name, control, err);
}

static int check_socket_fd(struct net *net, int fd, struct error *err)
{
	int type, domain;
	struct sockaddr_un peer;
	socklen_t length = sizeof(type), domain_length = sizeof(domain), peer_length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_length) == 0 &&
	    domain == AF_UNIX && (type == SOCK_SEQPACKET || type == SOCK_DGRAM)) {
		if (getpeername(fd, (struct sockaddr *)&peer, &peer_length) < 0)
			return err_fail_errno(err, ERR_USAGE, errno,
					      "--net %s: the socket @%d leads nowhere", net->name,
					      fd);
		snprintf(net->what, sizeof(net->what), "socket @%d", fd);
		net->mtu = NET_MTU_DEFAULT;
		return 0;
	}
	err_fail(err, ERR_USAGE,
		 "--net %s: @%d is neither a tap nor a socket that keeps frames apart", net->name,
		 fd);
	return err_mend(err, "pass an open tap, or a connected AF_UNIX socket of the type "
			     "SOCK_SEQPACKET or SOCK_DGRAM");
}

int net_open_fd(struct net *net, const struct net_spec *spec, struct error *err)
{
	struct ifreq request = { 0 };
	int flags = fcntl(spec->fd, F_GETFL);

	if (flags < 0) {
		err_fail_errno(err, ERR_USAGE, errno, "--net %s: @%d", net->name, spec->fd);
		return err_mend(err, "the program that starts the tender must leave the descriptor "
				     "open (without FD_CLOEXEC)");
	}
	if (ioctl(spec->fd, TUNGETIFF, &request) == 0) {
		if (check_tap_fd(net, spec->fd, &request, err) < 0)
			return -1;
	} else if (check_socket_fd(net, spec->fd, err) < 0) {
		return -1;
	}
	if (fcntl(spec->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "--net %s: @%d", net->name,
				      spec->fd);
	net->fd = spec->fd;
	return 0;
}

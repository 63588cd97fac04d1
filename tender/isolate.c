#include "tender/isolate.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEEP_FILE_MAX 65536

/* ---- namespaces ----------------------------------------------------------------- */

/* Identity within the user namespace, so that files keep their owner. */
static void map_ids(uid_t uid, gid_t gid)
{
	const struct {
		const char *path;
		unsigned id;
	} maps[] = { { "/proc/self/uid_map", uid }, { "/proc/self/gid_map", gid } };
	cleanup_close int groups = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);

	/* Without a mapping everything still works, but for new files. */
	if (groups >= 0 && write(groups, "deny", 4) < 0)
		return;
	for (size_t i = 0; i < 2; i++) {
		cleanup_close int fd = open(maps[i].path, O_WRONLY | O_CLOEXEC);
		char line[64];
		int length = snprintf(line, sizeof(line), "%u %u 1", maps[i].id, maps[i].id);

		if (fd >= 0 && write(fd, line, (size_t)length) < 0)
			return;
	}
}

static bool unshare_some(int namespaces, struct isolation_report *report)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(namespaces) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | namespaces) < 0)
		return false;
	map_ids(uid, gid);
	report->user = true;
	return true;
}

/* ---- files ------------------------------------------------------------------------ */

static void keep_file(const char *path, const struct bytes *contents)
{
	char copy[256];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path + 1);
	for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	fd = open(copy, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
	if (fd < 0)
		return;
	/* Whoever reads it copes with its absence, so with a part of it too. */
	if (write(fd, contents->data, contents->size) < 0)
		unlink(copy);
	close(fd);
}

/* Replaces the root of this mount namespace with an empty file system. */
static bool empty_root(const struct isolation *isolation)
{
	/* Folders that every system has; one is covered on the way. */
	static const char *const folders[] = { "/proc", "/tmp", "/dev", "/sys" };
	static const char options[] = "mode=0555,size=128k,nr_inodes=16";
	cleanup_bytes struct bytes kept = { 0 };
	struct error ignored;
	size_t i = 0;

	if (isolation->keep_file &&
	    file_read(isolation->keep_file, KEEP_FILE_MAX, 0, &kept, &ignored) < 0)
		kept = (struct bytes){ 0 };
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	while (mount("none", folders[i], "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) < 0)
		if (++i == sizeof(folders) / sizeof(folders[0]))
			return false;
	if (chdir(folders[i]) < 0)
		return false;
	if (kept.data)
		keep_file(isolation->keep_file, &kept);
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return false;
	return mount(NULL, "/", NULL,
		     MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		     NULL) == 0;
}

static int enter_chroot(const char *folder, struct error *err)
{
	if (chroot(folder) == 0 && chdir("/") == 0)
		return 0;
	err_fail_errno(err, ERR_REFUSED, errno, "--chroot %s: cannot make it the root", folder);
	return err_mend(err, "name a folder, and start as root (or leave it out: where the host "
			     "permits it, the tender sees an empty file system anyway)");
}

/* ---- privileges --------------------------------------------------------------------- */

static int change_ids(const struct identity *identity, struct error *err)
{
	if (identity->has_gid && (setgroups(0, NULL) < 0 ||
				  setresgid(identity->gid, identity->gid, identity->gid) < 0)) {
		err_fail_errno(err, ERR_REFUSED, errno, "--gid %u: cannot change the group",
			       (unsigned)identity->gid);
		return err_mend(err, "start as root, or leave it out");
	}
	if (identity->has_uid && !identity->has_gid && geteuid() == 0 && setgroups(0, NULL) < 0)
		return err_fail_errno(err, ERR_REFUSED, errno,
				      "--uid %u: cannot drop supplementary groups",
				      (unsigned)identity->uid);
	if (identity->has_uid && setresuid(identity->uid, identity->uid, identity->uid) < 0) {
		err_fail_errno(err, ERR_REFUSED, errno, "--uid %u: cannot change the user",
			       (unsigned)identity->uid);
		return err_mend(err, "start as root, or leave it out");
	}
	return 0;
}

static int drop_capabilities(struct error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	memset(none, 0, sizeof(none));
	/* Dropping the bounding set needs a capability; without it there is nothing to bound. */
	for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
		;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_fail_errno(err, ERR_REFUSED, errno, "cannot set no_new_privs");
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, none) < 0)
		return err_fail_errno(err, ERR_REFUSED, errno, "cannot drop the capabilities");
	return 0;
}

static int limit(const struct isolation *isolation, struct error *err)
{
	/* Not the number of processes: KVM starts a thread of its own when the guest first runs,
	 * and the filter of system calls permits none anyway. */
	const struct {
		int resource;
		rlim_t most;
		const char *what;
	} limits[] = {
		{ RLIMIT_CORE, 0, "core files" },
		{ RLIMIT_MSGQUEUE, 0, "message queues" },
		{ RLIMIT_NOFILE, isolation->descriptors, "descriptors" },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct rlimit value = { limits[i].most, limits[i].most };

		if (setrlimit(limits[i].resource, &value) < 0)
			return err_fail_errno(err, ERR_REFUSED, errno, "cannot limit the %s",
					      limits[i].what);
	}
	return 0;
}

int isolate(const struct isolation *isolation, struct isolation_report *report, struct error *err)
{
	int spaces = (isolation->chroot ? 0 : CLONE_NEWNS) |
		     (isolation->keep_network ? 0 : CLONE_NEWNET | CLONE_NEWIPC);

	*report = (struct isolation_report){ 0 };
	if (personality(0xffffffff) & READ_IMPLIES_EXEC) {
		err_fail(err, ERR_REFUSED,
			 "memory of this process is executable whenever it is "
			 "readable (personality READ_IMPLIES_EXEC)");
		return err_mend(err, "start it without setarch -X");
	}
	if (isolation->chroot && enter_chroot(isolation->chroot, err) < 0)
		return -1;
	report->files = isolation->chroot != NULL;
	/* Ids first: in a user namespace of our own there would be one of each. */
	if (isolation->identity.has_uid || isolation->identity.has_gid) {
		if (geteuid() == 0 && spaces && unshare(spaces) == 0) {
			report->network = !isolation->keep_network;
			if (!isolation->chroot)
				report->files = empty_root(isolation);
		}
		if (change_ids(&isolation->identity, err) < 0)
			return -1;
	} else if (spaces && unshare_some(spaces, report)) {
		report->network = !isolation->keep_network;
		if (!isolation->chroot)
			report->files = empty_root(isolation);
	}
	if (drop_capabilities(err) < 0)
		return -1;
	return limit(isolation, err);
}

void isolate_end_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have ended before that. */
	if (getppid() != parent)
		_exit(1);
}

#include "tender/filter.h"

#include "base/alloc.h"
#include "tender/exit_status.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct filter {
	scmp_filter_ctx context;
	int problem; /* the first failure, an errno value */
};

/* For the handler, which gets no argument of ours. */
static const char *violator = "the sandbox";

/* Appends without the C library's formatted output, which a signal handler may not use. */
static size_t append(char *line, size_t length, size_t size, const char *text)
{
	while (*text && length < size)
		line[length++] = *text++;
	return length;
}

static size_t append_number(char *line, size_t length, size_t size, unsigned number)
{
	char digits[12];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (count && length < size)
		line[length++] = digits[--count];
	return length;
}

static void name_violation(int number, siginfo_t *info, void *context)
{
	char line[256];
	size_t length = 0;
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, info->si_syscall);

	(void)number;
	(void)context;
	length = append(line, length, sizeof(line), "muenbuild-hvt: ");
	length = append(line, length, sizeof(line), violator);
	length = append(line, length, sizeof(line), " stopped the system call ");
	length = append(line, length, sizeof(line), name ? name : "without a name");
	length = append(line, length, sizeof(line), " (number ");
	length = append_number(line, length, sizeof(line), (unsigned)info->si_syscall);
	length = append(line, length, sizeof(line),
			"): a defect of muenbuild-hvt, or an attack by the guest\n");
	if (write(STDERR_FILENO, line, length) < 0)
		_exit(EXIT_SANDBOX);
	_exit(EXIT_SANDBOX);
}

static void remember(struct filter *filter, int result)
{
	if (result < 0 && !filter->problem)
		filter->problem = -result;
}

struct filter *filter_new(const char *who, struct error *err)
{
	struct filter *filter = xcalloc(1, sizeof(*filter));

	violator = who;
	filter->context = seccomp_init(SCMP_ACT_TRAP);
	if (!filter->context) {
		free(filter);
		err_fail(err, ERR_MISSING, "libseccomp cannot make a filter");
		return NULL;
	}
	remember(filter,
		 seccomp_attr_set(filter->context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
	remember(filter, seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_TSYNC, 1));
	return filter;
}

static void allow(struct filter *filter, int call, unsigned count,
		  const struct scmp_arg_cmp *arguments)
{
	int result =
		seccomp_rule_add_array(filter->context, SCMP_ACT_ALLOW, call, count, arguments);

	/* The same rule twice is no failure. */
	if (result != -EEXIST)
		remember(filter, result);
}

void filter_allow(struct filter *filter, int call)
{
	allow(filter, call, 0, NULL);
}

/* Argument number `index` must have `value` in the bits of `mask`. (libseccomp's own macros for
 * this leave members uninitialised.) */
static struct scmp_arg_cmp masked(unsigned index, uint64_t mask, uint64_t value)
{
	return (struct scmp_arg_cmp){
		.arg = index, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value
	};
}

/* The kernel looks at the lower half of a descriptor only, and so does this. */
static struct scmp_arg_cmp descriptor(int fd)
{
	return masked(0, UINT32_MAX, (uint32_t)fd);
}

void filter_allow_fd(struct filter *filter, int call, int fd)
{
	const struct scmp_arg_cmp arguments[] = { descriptor(fd) };

	allow(filter, call, 1, arguments);
}

void filter_allow_command(struct filter *filter, int call, int fd, unsigned long command)
{
	const struct scmp_arg_cmp arguments[] = { descriptor(fd), masked(1, UINT32_MAX, command) };

	allow(filter, call, 2, arguments);
}

void filter_allow_masked(struct filter *filter, int call, unsigned index, uint64_t mask,
			 uint64_t value)
{
	const struct scmp_arg_cmp arguments[] = { masked(index, mask, value) };

	allow(filter, call, 1, arguments);
}

void filter_allow_creation(struct filter *filter, int folder, int flags)
{
	/* O_EXCL is what keeps files that exist out of reach. */
	const struct scmp_arg_cmp arguments[] = {
		descriptor(folder),
		masked(2, UINT32_MAX, (uint32_t)(flags | O_CREAT | O_EXCL)),
	};

	allow(filter, __NR_openat, 2, arguments);
}

void filter_allow_basics(struct filter *filter)
{
	static const int calls[] = { __NR_exit_group,	 __NR_rt_sigreturn,
				     __NR_clock_gettime, __NR_restart_syscall,
				     __NR_brk,		 __NR_munmap,
				     __NR_futex };
	/* Memory of no file, that is never executable. */
	const struct scmp_arg_cmp anonymous[] = {
		masked(2, PROT_EXEC, 0),
		masked(3, MAP_ANONYMOUS | MAP_FIXED, MAP_ANONYMOUS),
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		filter_allow(filter, calls[i]);
	allow(filter, __NR_mmap, 2, anonymous);
#if defined(__SANITIZE_ADDRESS__)
	/* What its runtime needs beyond a program's own malloc(). */
	filter_allow_masked(filter, __NR_mmap, 2, PROT_EXEC, 0);
	filter_allow(filter, __NR_sigaltstack);
	filter_allow(filter, __NR_sched_yield);
	filter_allow(filter, __NR_madvise);
#endif
	filter_allow_masked(filter, __NR_mremap, 3, MREMAP_FIXED, 0);
	filter_allow_fd(filter, __NR_write, STDERR_FILENO);
}

int filter_load(struct filter *filter, struct error *err)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	int result;

	action.sa_sigaction = name_violation;
	sigfillset(&action.sa_mask);
	sigaction(SIGSYS, &action, NULL);
	if (filter->problem)
		return err_fail_errno(err, ERR_MISSING, filter->problem,
				      "libseccomp cannot take a rule of the filter");
	result = seccomp_load(filter->context);
	if (result == 0)
		return 0;
	err_fail_errno(err, ERR_MISSING, -result, "the kernel does not take the seccomp filter");
	return err_mend(err, "use a kernel with CONFIG_SECCOMP_FILTER");
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	seccomp_release(filter->context);
	free(filter);
}

#include "tender/stop.h"

#include "tender/clock.h"

#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

/* The one that the handler speaks to. */
static struct stop *installed;

static void wake(struct stop *stop)
{
	static const uint64_t one = 1;

	/* Full means that it is readable already. */
	if (write(stop->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		stop->requested = 1;
	if (stop->vm)
		vm_interrupt(stop->vm);
}

/* A signal that comes just before a system call that waits would be slept through: so it comes
 * again, every 20 ms, until the process has ended. */
static void tick(struct stop *stop)
{
	static const struct itimerval interval = { { 0, 20000 }, { 0, 20000 } };

	if (stop->ticking)
		return;
	stop->ticking = 1;
	setitimer(ITIMER_REAL, &interval, NULL);
}

static void handle(int number)
{
	struct stop *stop = installed;
	int saved = errno;

	if (number == SIGCHLD) {
		stop->child = 1;
	} else if (number == SIGIO) {
		stop->debugger = 1;
	} else if (!stop->requested) {
		if (number == SIGALRM)
			stop->timed_out = 1;
		else
			stop->signal = number;
		stop->requested = 1;
	}
	if (number != SIGCHLD && number != SIGIO)
		tick(stop);
	wake(stop);
	errno = saved;
}

int stop_install(struct stop *stop, struct error *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGCHLD, SIGIO };
	struct sigaction action = { .sa_handler = handle };
	sigset_t set;

	*stop = (struct stop){ .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	if (stop->wake_fd < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "cannot make an eventfd");
	installed = stop;
	sigemptyset(&set);
	sigfillset(&action.sa_mask);
	sigdelset(&action.sa_mask, SIGSYS);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction before;

		/* nohup has it ignored: leave that. */
		if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
		    before.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
		sigaddset(&set, signals[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	/* Whoever started us may have left them blocked. */
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 0;
}

void stop_after(uint64_t nanoseconds)
{
	struct itimerval limit = {
		.it_value = { .tv_sec = (time_t)(nanoseconds / NSEC_PER_SEC),
			      .tv_usec = (suseconds_t)(nanoseconds % NSEC_PER_SEC / 1000) },
	};

	setitimer(ITIMER_REAL, &limit, NULL);
}

static void beat(int number)
{
	(void)number;
	if (installed->vm)
		vm_interrupt(installed->vm);
}

int stop_heartbeat(struct stop *stop, uint64_t nanoseconds, struct error *err)
{
	const struct timespec interval = { (time_t)(nanoseconds / NSEC_PER_SEC),
					   (long)(nanoseconds % NSEC_PER_SEC) };
	const struct itimerspec times = { interval, interval };
	struct sigaction action = { .sa_handler = beat };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = STOP_HEARTBEAT };
	timer_t timer;

	installed = stop;
	sigfillset(&action.sa_mask);
	sigdelset(&action.sa_mask, SIGSYS);
	sigaction(STOP_HEARTBEAT, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
	    timer_settime(timer, 0, &times, NULL) < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "cannot make a timer");
	return 0;
}

bool stop_child_news(struct stop *stop)
{
	uint64_t count;

	if (!stop->child)
		return false;
	stop->child = 0;
	if (!stop->requested && read(stop->wake_fd, &count, sizeof(count)) < 0)
		return true; /* it was read before; nothing is lost */
	return true;
}

bool stop_debugger_news(struct stop *stop)
{
	uint64_t count;

	if (!stop->debugger)
		return false;
	stop->debugger = 0;
	if (!stop->requested && !stop->child && read(stop->wake_fd, &count, sizeof(count)) < 0)
		return true; /* it was read before; nothing is lost */
	return true;
}

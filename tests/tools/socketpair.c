/* Runs a program whose descriptors 3 and 4 are the ends of a socket that keeps frames apart:
 * socketpair PROGRAM [ARGUMENT...]. Two tenders, or a tender and nobody, are joined so without a
 * tap and without privileges: --net=NAME=@3 and --net=NAME=@4. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST = 3, SECOND = 4 };

static int fail(const char *what)
{
	fprintf(stderr, "socketpair: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	int ends[2], above[2];

	if (argc < 2) {
		fprintf(stderr, "usage: socketpair PROGRAM [ARGUMENT...]\n");
		return 64;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		return fail("cannot make a pair");
	/* First out of the way, so that no end is overwritten before it is in its place. */
	for (int i = 0; i < 2; i++)
		if ((above[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, SECOND + 1)) < 0)
			return fail("cannot move an end");
	for (int i = 0; i < 2; i++)
		if (ends[i] != FIRST && ends[i] != SECOND)
			close(ends[i]);
	if (dup2(above[0], FIRST) < 0 || dup2(above[1], SECOND) < 0)
		return fail("cannot move an end");
	execvp(argv[1], argv + 1);
	return fail(argv[1]);
}

/* What a guest may use: the functions of Solo5's public interface, implemented by our own
 * bindings for the targets hvt and muen. Names, types and results are Solo5's, so that a guest
 * behaves towards a tender as a unikernel does.
 *
 * Times are nanoseconds: clock_wall() since 1970-01-01 UTC, clock_monotonic() since an arbitrary
 * point. A handle is the index of a device in the manifest, the first device being 1; a handle
 * set has bit n for handle n. Nothing here allocates; no function may be called from a trap. */
#ifndef TESTS_GUESTS_LIB_SOLO5_H
#define TESTS_GUESTS_LIB_SOLO5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
	SOLO5_R_OK = 0,
	SOLO5_R_AGAIN = 1,  /* nothing there now */
	SOLO5_R_EINVAL = 2, /* the arguments are not acceptable */
	SOLO5_R_EUNSPEC = 3 /* it failed, or the target has no such thing */
} solo5_result_t;

typedef uint64_t solo5_time_t;
typedef uint64_t solo5_off_t;
typedef uint64_t solo5_handle_t;
typedef uint64_t solo5_handle_set_t;

#define SOLO5_EXIT_SUCCESS 0
#define SOLO5_EXIT_FAILURE 1
#define SOLO5_EXIT_ABORT 255

struct solo5_start_info {
	const char *cmdline; /* without the words that the bindings consume */
	uintptr_t heap_start;
	size_t heap_size; /* up to the end of memory: the stack grows down inside it */
};

/* Every guest's main function; what it returns is the exit status. */
int solo5_app_main(const struct solo5_start_info *info);

_Noreturn void solo5_exit(int status);
_Noreturn void solo5_abort(void);

/* Makes `base` the FS base, through which TLS variables are reached. */
solo5_result_t solo5_set_tls_base(uintptr_t base);

solo5_time_t solo5_clock_monotonic(void);
solo5_time_t solo5_clock_wall(void);

/* Waits until a network device has a frame or the deadline (monotonic) has passed.
 * `ready` (may be NULL) receives the devices that have one. May return early. */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready);

void solo5_console_write(const char *text, size_t length);

struct solo5_net_info {
	uint8_t mac_address[6];
	size_t mtu; /* without the Ethernet header's 14 bytes */
};

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle,
				 struct solo5_net_info *info);
/* One Ethernet frame, without its checksum. */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *frame, size_t size);
/* One frame, if there is one: else SOLO5_R_AGAIN. `size` must be at least mtu + 14. */
solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *frame, size_t size,
			      size_t *read_size);

struct solo5_block_info {
	solo5_off_t capacity;	/* bytes */
	solo5_off_t block_size; /* bytes */
};

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle,
				   struct solo5_block_info *info);
/* Exactly one block; `offset` must be a multiple of the block size. */
solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *data,
				 size_t size);
solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *data,
				size_t size);

#endif

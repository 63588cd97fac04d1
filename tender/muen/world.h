/* Where the world of the subject to be run comes from. */
#ifndef TENDER_MUEN_WORLD_H
#define TENDER_MUEN_WORLD_H

#include "base/file.h"
#include "subject/world.h"
#include "tender/options.h"

/* The world and the bytes that its regions without a path refer to: what muenbuild wrote into the
 * file of --world; or, without one, that of the built-in policy, with --mem of RAM and channels
 * of --channel-size, and the unikernel's bytes as they would be delivered. Fails with ERR_INPUT
 * (the unikernel cannot run on Muen, or not in that world), ERR_NO_INPUT, ERR_USAGE. */
struct subject_world *muen_world_new(const struct unikernel *unikernel,
				     const struct options_hvt *options, struct bytes *binary,
				     struct error *err);

#endif

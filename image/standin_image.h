/* A system with the stand-in kernel (image/standin): subjects' worlds to what a machine's memory
 * holds when it starts. Proves that an image boots and that its unikernels run; there is no
 * separation: not for production.
 */
#ifndef IMAGE_STANDIN_IMAGE_H
#define IMAGE_STANDIN_IMAGE_H

#include "base/file.h"
#include "image/memory_image.h"
#include "subject/world.h"

/* A subject that the stand-in kernel runs. Both are borrowed. */
struct standin_guest {
	const struct subject_world *world; /* settled */
	const struct bytes *file;	   /* what regions with contents and no path refer to: the
					    * component's	  file */
};

/* Zero-initialise; release with standin_image_free(). */
struct standin_image {
	struct memory_image image; /* settled; image.standin is set */
	struct bytes kernel;
	void **owned; /* what pieces of the image refer to */
	size_t owned_count;
};

/* Builds it of the kernel's file and at least one guest. Regions of different subjects with the
 * same `physical` name are the same memory. The guests' files must stay until the image is
 * released. Fails with ERR_INPUT: too much memory is asked for, regions that share memory differ,
 * contents that lie outside of their file; and as file_read() does. */
int standin_image_build(struct standin_image *standin, const char *kernel,
			const struct standin_guest *guests, size_t count, struct error *err);

void standin_image_free(struct standin_image *standin);
#define cleanup_standin_image cleanup_with(standin_image_free)

#endif

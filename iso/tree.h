/* The files of an ISO image: ECMA-119 folders, with Rock Ridge's names, modes and owners where
 * they are. What is wrong is a finding; what can be read is read all the same. */
#ifndef ISO_TREE_H
#define ISO_TREE_H

#include "base/findings.h"
#include "iso/volume.h"

#include <sys/types.h>

struct iso_node {
	char *path; /* printable: "boot/grub/grub.cfg" */
	bool folder;
	uint32_t sector; /* where its contents begin */
	uint64_t size;	 /* bytes */
	char date[20];	 /* "2026-11-22 01:45:32", as it is written there */
	bool attributes; /* Rock Ridge tells the mode and the owner: */
	uint32_t mode, uid, gid;
	char sha256[65]; /* of a file's contents, by iso_tree_digest(); "" before */
};

struct iso_tree {
	struct iso_node *nodes; /* sorted by path */
	size_t count;
};

/* Fails only if the file cannot be read (ERR_NO_INPUT, ERR_INPUT). */
int iso_tree_read(const struct iso_reader *reader, const struct iso_volume *volume,
		  struct iso_tree *tree, struct findings *findings, struct error *err);

/* Digests the files that are inside the image. Files that share their contents are digested once,
 * and an image whose files are larger than itself not at all: that is a finding. */
int iso_tree_digest(const struct iso_reader *reader, struct iso_tree *tree,
		    struct findings *findings, struct error *err);

/* The file whose contents begin in this sector, or NULL. */
const struct iso_node *iso_tree_at(const struct iso_tree *tree, uint32_t sector);

void iso_tree_free(struct iso_tree *tree);

#endif

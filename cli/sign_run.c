#include "cli/sign_run.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/standin.h"
#include "iso/memdisk.h"
#include "sign/attest.h"

#include <string.h>
#include <sys/stat.h>

/* ---- before ---------------------------------------------------------------------------------- */

/* iPXE's scripts have no quoting: its commands cannot refer to other names. */
static void check_name(const char *path, struct findings *findings)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";
	const char *name = path_base_name(path);
	char printable[512];

	if (!name[strspn(name, plain)])
		return;
	findings_add(findings, FINDING_WARNING, "use only letters, digits, '.', '_' and '-' in it",
		     "%s: an iPXE script cannot name this file",
		     text_printable(path, strlen(path), printable, sizeof(printable)));
}

static int add_way_out(struct error *err)
{
	cleanup_free char *mend = xstrdup(err->mend);

	if (err->kind == ERR_INPUT)
		err_mend(err, "%s%ssign it as it is with --any-iso", mend, *mend ? "; or " : "");
	return -1;
}

int sign_run_check(struct sign_run *run, struct error *err)
{
	const struct sign_command *command = run->command;

	for (size_t i = 0; i < command->file_count; i++) {
		const char *path = command->files[i];
		cleanup_findings struct findings seen = { 0 };
		struct memdisk_image image;

		check_name(path, run->findings);
		if (standin_check_signing(path, command->allow_standin, run->findings, err) < 0)
			return -1;
		if (memdisk_examine(path, command->target_ram, &image, &seen, err) < 0)
			return -1;
		if (!image.is_iso || command->any_iso)
			continue;
		if (memdisk_require(path, command->target_ram, run->findings, err) < 0)
			return add_way_out(err);
	}
	return 0;
}

/* ---- outputs -------------------------------------------------------------------------------- */

/* A folder that is written to, once however it is spelled. */
struct place {
	struct output *output;
	dev_t device;
	ino_t inode;
};

void sign_run_free(struct sign_run *run)
{
	for (size_t i = 0; i < run->product_count; i++) {
		free(run->products[i].signed_path);
		free(run->products[i].path);
	}
	for (size_t i = 0; i < run->place_count; i++)
		output_free(run->places[i].output);
	free(run->products);
	free(run->places);
	free(run->files);
	free(run->materials);
}

/* The set of outputs of a folder. */
static struct output *place_for(struct sign_run *run, const char *folder, struct error *err)
{
	struct output *output;
	struct place *place;
	struct stat status;

	if (stat(folder, &status) == 0)
		for (size_t i = 0; i < run->place_count; i++)
			if (run->places[i].device == status.st_dev &&
			    run->places[i].inode == status.st_ino)
				return run->places[i].output;
	output = output_begin(folder, err);
	if (!output)
		return NULL;
	array_grow(run->places, run->place_count);
	place = &run->places[run->place_count++];
	*place = (struct place){ .output = output };
	if (stat(folder, &status) == 0) {
		place->device = status.st_dev;
		place->inode = status.st_ino;
	}
	return output;
}

static char *folder_of(const struct sign_run *run, const char *file)
{
	const char *name = path_base_name(file);

	if (run->command->output)
		return xstrdup(run->command->output);
	return name == file ? xstrdup(".") : xstrndup(file, (size_t)(name - file));
}

/* Where the file NAME+suffix beside `file` (or in --output) goes. */
static int put(struct sign_run *run, const char *file, const char *suffix, const void *bytes,
	       size_t length, struct error *err)
{
	cleanup_free char *folder = folder_of(run, file);
	cleanup_free char *name = xasprintf("%s%s", path_base_name(file), suffix);
	struct output *output = place_for(run, folder, err);

	return output ? output_add(output, name, bytes, length, 0644, err) : -1;
}

static char *path_of(const struct sign_run *run, const char *file, const char *suffix)
{
	if (!run->command->output)
		return xasprintf("%s%s", file, suffix);
	return xasprintf("%s/%s%s", run->command->output, path_base_name(file), suffix);
}

/* Signs what has this digest as the file + suffix, unless this is a dry run. */
static int make_signature(struct sign_run *run, const char *file, const char *suffix,
			  const struct digest *digest, uint64_t size, struct error *err)
{
	cleanup_bytes struct bytes der = { 0 };
	cleanup_free char *full = xasprintf("%s.sig", suffix);
	struct product *product;

	array_grow(run->products, run->product_count);
	product = &run->products[run->product_count++];
	*product = (struct product){ .signed_path =
					     *suffix ? path_of(run, file, suffix) : xstrdup(file),
				     .path = path_of(run, file, full),
				     .digest = *digest,
				     .size = size };
	if (run->command->dry_run)
		return 0;
	if (signer_sign(run->signer, product->path, digest, &der, err) < 0)
		return -1;
	product->signature_size = der.size;
	return put(run, file, full, der.data, der.size, err);
}

/* ---- provenance ------------------------------------------------------------------------------ */

/* The SHA-256 of a job: what attestations name files by, whatever they are signed with. */
static const struct digest *sha256_of(const struct digest_job *job)
{
	return &job->digests[job->count - 1];
}

static char *statement_about(const struct sign_run *run, const struct digest_job *file,
			     struct error *err)
{
	const struct sign_command *command = run->command;
	size_t materials = command->materials.count, parameters = command->parameters.count;
	cleanup_free struct attest_file *used = xcalloc(materials + 1, sizeof(*used));
	cleanup_free struct attest_parameter *how = xcalloc(parameters + 1, sizeof(*how));
	struct attest_file subject = { path_base_name(file->path), *sha256_of(file) };
	struct attestation attestation = { .subjects = &subject,
					   .subject_count = 1,
					   .materials = used,
					   .material_count = materials,
					   .parameters = how,
					   .parameter_count = parameters,
					   .builder = command->builder,
					   .build_type = command->build_type };
	char *statement;

	for (size_t i = 0; i < materials; i++)
		used[i] = (struct attest_file){ path_base_name(run->materials[i].path),
						*sha256_of(&run->materials[i]) };
	for (size_t i = 0; i < parameters; i++) {
		const char *text = command->parameters.list[i], *equals = strchr(text, '=');

		how[i] = (struct attest_parameter){ xstrndup(text, (size_t)(equals - text)),
						    equals + 1 };
	}
	statement = attest_statement(&attestation, err);
	for (size_t i = 0; i < parameters; i++)
		free((char *)how[i].name);
	return statement;
}

static int make_attestation(struct sign_run *run, const struct digest_job *file, struct error *err)
{
	static const char suffix[] = ".intoto.json";
	cleanup_free char *statement = statement_about(run, file, err);
	struct digest digest;

	if (!statement || digest_bytes(run->command->signer.digest, statement, strlen(statement),
				       &digest, err) < 0)
		return -1;
	if (!run->command->dry_run &&
	    put(run, file->path, suffix, statement, strlen(statement), err) < 0)
		return -1;
	return make_signature(run, file->path, suffix, &digest, strlen(statement), err);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static struct digest_job *jobs_for(const struct sign_command *command, const char *const *paths,
				   size_t count)
{
	struct digest_job *jobs = xcalloc(count + 1, sizeof(*jobs));
	bool both = command->attest && command->signer.digest != DIGEST_SHA256;

	for (size_t i = 0; i < count; i++) {
		jobs[i].path = paths[i];
		jobs[i].digests[0].algorithm = command->signer.digest;
		jobs[i].digests[1].algorithm = DIGEST_SHA256;
		jobs[i].count = both ? 2 : 1;
	}
	return jobs;
}

static int hash_all(struct sign_run *run, struct error *err)
{
	const struct sign_command *command = run->command;

	run->files = jobs_for(command, command->files, command->file_count);
	run->materials = jobs_for(command, command->materials.list, command->materials.count);
	if (digest_files(run->files, command->file_count, err) < 0)
		return -1;
	return digest_files(run->materials, command->materials.count, err);
}

int sign_run_make(struct sign_run *run, struct error *err)
{
	const struct sign_command *command = run->command;

	if (hash_all(run, err) < 0)
		return -1;
	for (size_t i = 0; i < command->file_count; i++) {
		const struct digest_job *file = &run->files[i];

		if (make_signature(run, file->path, "", &file->digests[0], file->size, err) < 0 ||
		    (command->attest && make_attestation(run, file, err) < 0))
			return -1;
	}
	for (size_t i = 0; i < run->place_count; i++)
		if (output_commit(run->places[i].output, err) < 0)
			return -1;
	return 0;
}

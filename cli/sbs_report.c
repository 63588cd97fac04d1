#include "cli/sbs_report.h"

#include "base/text.h"
#include "cli/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void sbs_report_header(json_t *report, const struct sbs_header *header)
{
	char hash[2 * SBS_HASH_SIZE + 1];

	for (size_t i = 0; i < SBS_HASH_SIZE; i++)
		snprintf(hash + 2 * i, 3, "%02x", header->root_hash[i]);
	json_object_set_new(report, "content_size",
			    json_integer((json_int_t)sbs_payload_size(header)));
	json_object_set_new(report, "block_count", json_integer(header->block_count));
	json_object_set_new(report, "block_size", json_integer(header->block_size));
	json_object_set_new(report, "padding_length", json_integer(header->padding_length));
	json_object_set_new(report, "root_hash", json_string(hash));
}

void sbs_report_signer(json_t *report, const struct openpgp_signer *signer)
{
	json_t *object = json_object();

	json_object_set_new(object, "fingerprint", json_string(signer->fingerprint));
	json_object_set_new(object, "primary_key", json_string(signer->primary));
	json_object_set_new(object, "user_id", json_string(signer->user_id));
	json_object_set_new(object, "digest", json_string(signer->digest));
	json_object_set_new(report, "signer", object);
}

void sbs_print_path(const char *before, const char *path, const char *behind)
{
	char shown[4096];

	printf("%s%s%s", before, text_printable(path, strlen(path), shown, sizeof(shown)), behind);
}

void sbs_print_summary(const struct sbs_header *header, const struct openpgp_signer *signer,
		       const struct csl_summary *stream)
{
	char size[32];

	printf("  contents  %s in %u block%s of %u bytes\n",
	       size_to_text(sbs_payload_size(header), size), header->block_count,
	       header->block_count == 1 ? "" : "s", header->block_size);
	if (stream)
		printf("  stream    %" PRIu64 " commands, entry point 0x%08x\n", stream->commands,
		       stream->entry);
	printf("  signed by %s %s\n", signer->fingerprint, signer->user_id);
}

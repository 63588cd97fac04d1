/* Writers of single elements of a policy. Inside policy. */
#ifndef POLICY_SUBJECT_XML_H
#define POLICY_SUBJECT_XML_H

#include "policy/system.h"
#include "xml/xml.h"

void write_subject(struct xml_node *node, const struct subject *subject); /* fills a <subject> */
void write_memory(struct xml_node *parent, const struct memory *memory);
void write_event(struct xml_node *parent, const struct event *event);

/* A debug log's size is the policy's variable logchannel_size. */
void write_channel(struct xml_node *parent, const char *name, uint64_t size, bool log);

#endif

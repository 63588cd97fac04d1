/* The source specification that a component starts from, when the user has none of his own:
 * what every Solo5 unikernel needs of Muen, but for what component_plan() adds. Inside gencspec. */
#ifndef GENCSPEC_SOURCE_H
#define GENCSPEC_SOURCE_H

#define BUILTIN_SOURCE_NAME "built-in source specification"
#define BUILTIN_COMPONENT_NAME "unikernel"

extern const char builtin_source[];

#endif

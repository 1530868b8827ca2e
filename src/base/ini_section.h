/* One section of an INI file, as AWS's tools write theirs: "[name]" or "[profile name]", lines "key = value", comments
 * from '#' or ';' at the start of a line. Lines that are none of these are passed over. */
#ifndef BASE_INI_SECTION_H
#define BASE_INI_SECTION_H

#include "base/str.h"

struct ini_section {
    signet_str rest, name; /* name "": what stands before the first section */
    bool in;
};
struct ini_section ini_section_of(signet_str text, signet_str name);
/* The next line of it, trimmed; false at the end. A section may stand in several places. */
bool ini_section_next(struct ini_section *s, signet_str *ret_key, signet_str *ret_value);

#endif

/* The README files in live/. */
#ifndef STORE_README_H
#define STORE_README_H

#include "base/str.h"

/* Text of live/README (`top`) or live/NAME/README. */
signet_str readme_live(bool top);

#endif

/* The system calls that the gear knows. */
#ifndef FAULT_TRACE_CALLS_H
#define FAULT_TRACE_CALLS_H

#include "trace.h"

/* NULL for one that is of no interest. */
const struct trace_call *trace_call_find(uint64_t nr);

#endif

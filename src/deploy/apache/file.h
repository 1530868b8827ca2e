/* Apache configuration files, read by libaugeas (its lens "Httpd"), with the place of everything in the text: what is
 * changed is a piece of text, as with nginx, so that all else stays byte for byte. The library is loaded when the first
 * file is read, so that runs without Apache do not pay for it. */
#ifndef DEPLOY_APACHE_FILE_H
#define DEPLOY_APACHE_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

#define APA_FILE_BYTES_MAX (4u << 20)
#define APA_NODES_MAX      200000u
#define APA_DEPTH_MAX      32u

/* A directive, or a section with what is in it behind it. */
struct apa_node {
    bool section;
    char *name;          /* in lower case */
    struct strlist args; /* without quotes */
    uint32_t start, end; /* of its text; a section's with its end tag */
    uint32_t parent;     /* index + 1 of the section it is in; 0: the file itself */
    int judged;          /* an IfDefine: 1 it holds, -1 it does not; 0: not known */
};

/* A ${NAME} in the text, as far as its value is known. */
struct apa_value {
    uint32_t at, n;
    uint32_t by; /* index + 1 of the file that has set it; 0: none, Apache was started with it */
    bool again;  /* it has several values, each from its place on */
    char *text;
};

struct apa_file {
    char *path, *real; /* as Apache includes it; without links */
    struct buf text;
    struct apa_node *node;
    uint32_t n, cap;
    struct apa_value *value; /* in the order of the text */
    uint32_t n_values;
};

/* SIGNET_ENOTFOUND when libaugeas is not on this machine; SIGNET_EFORMAT, with line, when the file is not understood.
 */
int apa_file_read(struct apa_file *ret, const char *path, struct err *e);
void apa_file_done(struct apa_file *f);
void apa_unload(void); /* the library, at the end */

uint32_t apa_line(const struct apa_file *f, uint32_t offset);
/* The line end that is missing before what is put at an offset, which begins a line: "\n" or "". */
const char *apa_line_end(const struct apa_file *f, uint32_t at);
/* Offsets between the tags of a section: just behind the line of the first one, and where the line of the last begins.
 */
uint32_t apa_inside(const struct apa_file *f, uint32_t node);
uint32_t apa_inside_end(const struct apa_file *f, uint32_t node);

#endif

#include "dns/tool.h"

#include "base/fs.h"
#include "dns/natives.h"
#include "provider/provider.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_MAX (1u << 20)
#define FILE_MAX (1u << 20)
#define WIDTH    100u

/* ---- help ---- */

static void native_help(const struct native *n, struct buf *to)
{
    buf_addf(to, "%s (%s%s%s)\n\n%s\n\nVariables:\n", n->name, n->code, *n->also ? " " : "", n->also, n->text);
    for (size_t i = 0; n->vars[i].name; i++)
        buf_addf(to, "  %-30s %s\n", n->vars[i].name, n->vars[i].text);
}

static void add_var(const struct provider_var *v, struct buf *to)
{
    buf_addf(to, "  %s", v->name);
    if (v->def && *v->def)
        buf_addf(to, "  (default: %s)", v->def);
    else if (!v->required)
        buf_addz(to, "  (optional)");
    if (*v->format)
        buf_addf(to, strcmp(v->format, "pairs") ? "  (path of a file: %s)" : "  (%s: name:value,name:value)",
                 v->format);
    buf_addc(to, '\n');
    const char *before = "      or ";
    for (size_t i = 0; v->also && i < v->also->n; i++) {
        if (!strcmp(v->also->v[i], v->name))
            continue;
        buf_addf(to, "%s%s", before, v->also->v[i]);
        before = ", ";
    }
    if (*before == ',')
        buf_addc(to, '\n');
}

static void add_set(const struct provider_help *h, int set, bool required, struct buf *to)
{
    for (size_t i = 0; i < h->n_vars; i++)
        if (h->vars[i].set == set && h->vars[i].required == required)
            add_var(&h->vars[i], to);
}

static void described_help(const struct provider_help *h, struct buf *to)
{
    buf_addf(to, "%s (%s", h->name, h->code);
    for (size_t i = 0; h->also && i < h->also->n; i++)
        buf_addf(to, " %s", h->also->v[i]);
    buf_addf(to, ")\n%s%s%s", *h->note ? "\n" : "", h->note, *h->note ? "\n" : "");
    for (int set = 1; set <= h->sets; set++) {
        buf_addf(to,
                 set == 1
                     ? "\nCredentials, from the environment, from the file that NAME_FILE names, or from an INI file:\n"
                     : "\nor:\n");
        add_set(h, set, true, to);
        add_set(h, set, false, to);
    }
    buf_addz(to, "\nSettings:\n");
    add_set(h, 0, true, to);
    add_set(h, 0, false, to);
    for (size_t i = 0; h->times && i < h->times->n; i++)
        buf_addf(to, "  %s\n", h->times->v[i]);
    if (h->docs && *h->docs)
        buf_addf(to, "\nMore: %s\n", h->docs);
}

/* Other programs, and their newer versions, call these by other names: all are listed. */
static int add_native(const struct native *n, struct strlist *codes)
{
    signet_str rest = str_of(n->also), word;
    int rc = strlist_add_new(codes, str_of(n->code));
    while (!rc && rest.n) {
        str_cut(rest, ' ', &word, &rest);
        rc = strlist_add_new(codes, word);
    }
    return rc;
}

static int list_all(const char *dir, struct buf *to, struct err *e)
{
    STRLIST_AUTO(codes);
    const struct native *n;
    size_t column = 0;
    int rc = provider_codes(dir, &codes, e);
    size_t n_aliases = 0;
    for (size_t i = 0; !rc && (n = native_at(i)); i++) {
        size_t before = codes.n + 1;
        rc = add_native(n, &codes);
        n_aliases += codes.n - before;
    }
    if (rc)
        return rc;
    strlist_sort(&codes);
    buf_addf(to, "%zu DNS providers. Variables of one: dnshelp -c CODE\n\n", codes.n - n_aliases);
    for (size_t i = 0; i < codes.n; i++) {
        size_t w = strlen(codes.v[i]) + 2;
        if (column && column + w > WIDTH) {
            buf_addz(to, ",\n");
            column = 0;
        }
        buf_addf(to, "%s%s", column ? ", " : "", codes.v[i]);
        column += w;
    }
    buf_addz(to, "\n\nAnd scripts of acme.sh, unchanged: --dns acmesh:dns_NAME\n");
    return 0;
}

int dns_tool_help(const char *code, const char *dir, struct buf *to, struct err *e)
{
    struct provider_desc *d = NULL;
    if (!code)
        return list_all(dir, to, e);
    const struct native *n = native_find(code);
    if (n) {
        native_help(n, to);
        return 0;
    }
    int rc = provider_load(&d, code, dir, e);
    if (!rc)
        described_help(provider_help(d), to);
    provider_desc_free(d);
    return rc;
}

/* ---- check ---- */

static void tell_fault(void *ctx, const struct provider_fault *f)
{
    buf_addf(ctx, "%s:%u:%u: %s\n", f->file, f->line, f->column, f->what);
}

static int check_file(const char *path, const char *dir, struct buf *to, struct err *e)
{
    BUF_AUTO(yaml, FILE_MAX);
    size_t n = 0;
    int rc = fs_read(AT_FDCWD, path, &yaml, e);
    if (!rc)
        rc = provider_check(buf_str(&yaml), path, dir, tell_fault, to, &n, e);
    if (rc)
        return rc;
    buf_addf(to, n ? "%s: %zu fault%s\n" : "%s: good\n", path, n, n == 1 ? "" : "s");
    return n ? SIGNET_EFORMAT : 0;
}

/* ---- words ---- */

static void write_all(int fd, signet_str s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n <= 0)
            return;
        s = str_skip(s, (size_t)n);
    }
}

static int usage(void)
{
    write_all(2, STR("usage: signet-dns [--dir DIR] check FILE... | help [CODE]\n"));
    return 2;
}

static int tell(int rc, const struct buf *text, const struct err *e)
{
    BUF_AUTO(words, 8192);
    write_all(1, buf_str(text));
    if (rc && e->text[0])
        buf_addf(&words, "%s\n%s%s", e->text, e->hint, e->hint[0] ? "\n" : "");
    write_all(2, buf_str(&words));
    return rc ? 1 : 0;
}

int dns_tool_main(int argc, char *const argv[])
{
    const char *dir = PROVIDER_DIR;
    int at = 1, rc = 0;
    struct err e = { 0 };
    BUF_AUTO(text, TEXT_MAX);
    if (argc > 3 && !strcmp(argv[1], "--dir")) {
        dir = argv[2];
        at = 3;
    }
    if (at < argc && !strcmp(argv[at], "help") && argc - at <= 2)
        return tell(dns_tool_help(at + 1 < argc ? argv[at + 1] : NULL, dir, &text, &e), &text, &e);
    if (at + 1 >= argc || strcmp(argv[at], "check") != 0)
        return usage();
    for (at++; at < argc; at++) {
        struct err one = { 0 };
        int bad = check_file(argv[at], dir, &text, &one);
        if (bad && !e.code)
            e = one;
        rc = rc ? rc : bad;
    }
    return tell(rc, &text, &e);
}

/* lego's face, version 5: archives list, restore. */
#include "base/log.h"
#include "client/lego.h"
#include "store/lego.h"
#include <time.h>

#define ROOM "lego"

static const char *const kinds[] = { "accounts", "certificates" };
static const char *const words[] = { "Account", "Certificate" };
#define N_KINDS (sizeof kinds / sizeof *kinds)

/* As Go prints a local time: "2027-02-23 22:11:38 +0100 CET". */
static void local_time(struct buf *to, const char *archive)
{
    char text[64];
    int64_t when;
    struct tm tm;
    if (!lego_archive_time(archive, &when)) {
        buf_addz(to, "of unknown age");
        return;
    }
    time_t t = (time_t)when;
    if (localtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z %Z", &tm))
        buf_addz(to, text);
}

int verb_lego_archive_list(struct run *r, struct err *e)
{
    bool any = false;
    for (size_t k = 0; k < N_KINDS; k++) {
        STRLIST_AUTO(names);
        BUF_AUTO(text, 4u << 20);
        int rc = lego_archives(r->tree, kinds[k], &names, e);
        if (rc)
            return rc;
        if (!names.n)
            continue;
        any = true;
        buf_addf(&text, "%s archives:\n", words[k]);
        for (size_t i = 0; i < names.n; i++) {
            BUF_AUTO(when, 64);
            local_time(&when, names.v[i]);
            buf_addf(&text, "%s %s (%s)\n", i + 1 < names.n ? "├──" : "└──", names.v[i], buf_z(&when));
        }
        r->ui->ops->frame(r->ui, buf_z(&text), false);
    }
    if (!any)
        log_info(ROOM, "No archives were found.");
    return 0;
}

/* ---- restore ---- */

/* "certificates - TIME - NAME" in `labels`, "certificates/NAME" in `paths`. */
static int collect(struct run *r, struct strlist *labels, struct strlist *paths, struct err *e)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        STRLIST_AUTO(names);
        int rc = lego_archives(r->tree, kinds[k], &names, e);
        for (size_t i = 0; !rc && i < names.n; i++) {
            BUF_AUTO(label, 4096);
            BUF_AUTO(path, 4096);
            buf_addf(&label, "%s - ", kinds[k]);
            local_time(&label, names.v[i]);
            buf_addf(&label, " - %s", names.v[i]);
            buf_addf(&path, "%s/%s", kinds[k], names.v[i]);
            if (strlist_add(labels, buf_str(&label)) || strlist_add(paths, buf_str(&path)))
                rc = err_nomem(e);
        }
        if (rc)
            return rc;
    }
    return 0;
}

int verb_lego_archive_restore(struct run *r, struct err *e)
{
    STRLIST_AUTO(labels);
    STRLIST_AUTO(paths);
    BUF_AUTO(kind, 64);
    signet_str head, tail;
    size_t choice = 0;
    int rc = collect(r, &labels, &paths, e);
    if (rc)
        return rc;
    if (!paths.n) {
        log_info(ROOM, "No archives were found.");
        return 0;
    }
    rc = r->ui->ops->menu(r->ui, "Choose the archive to restore:", (const char *const *)labels.v, labels.n, NULL,
                          &choice, e);
    if (rc)
        return rc;
    (void)str_cut(str_of(paths.v[choice]), '/', &head, &tail);
    buf_add(&kind, head);
    rc = lego_restore(r->tree, buf_z(&kind), tail.p, e);
    if (!rc)
        log_info(ROOM, "The archive %s was restored.", paths.v[choice]);
    return rc;
}
